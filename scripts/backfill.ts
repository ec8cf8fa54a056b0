import { Option } from "commander";
import { VERDICT, verdictText } from "../firmware/verdict.ts";
import { counted } from "./build/counted.ts";
import { checkToken } from "./console/doctor/token-check.ts";
import { type DumpDeliveryOutcome, deliverDump } from "./console/stored-data/dump-delivery.ts";
import { hostHttp, hostTimers } from "./console/stored-data/host-ports.ts";
import { openProgress } from "./console/stored-data/progress-file.ts";
import { mountCopy } from "./console/stored-data/stored-samples.ts";
import { doubtsOf } from "./console/stored-data/whole-region.ts";
import {
  type CommandFunction,
  createCommand,
  EXIT,
  ExitStatus,
  execute,
  parseCount,
  runAsProgram,
  sayWhenStopped,
} from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import type { Terminal } from "./console/terminal/terminal.ts";
import { readUserFile } from "./console/terminal/user-file.ts";
import { checkAnswer } from "./console/unit/unit-settings.ts";

interface BackfillOptions {
  dump: string;
  server: string;
  token?: string;
  progress?: string;
  region?: string;
  pageBytes: number;
  pointsPerRequest?: number;
  pointsPerDay?: number;
  requestsPerDay?: number;
}

export const backfill: CommandFunction = (args, terminal) => {
  const command = createCommand(
    "backfill",
    "Sends the pending samples in the flash dump of a dead device to the server.",
    terminal,
    "0 all samples are sent; 1 not all, or the dump may not hold all; 2 wrong usage.",
  )
    .requiredOption(
      "--dump <flash.bin>",
      "a dump of the whole chip, or of the region alone (see `npm run export -- --help`)",
    )
    .option("--server <url>", "server of the account's region, e.g. https://fra1.blynk.cloud", "https://blynk.cloud")
    .option("--token <token>", "the device's Blynk token; safer in the environment variable BACKFILL_TOKEN")
    .option("--progress <file>", "file that records what was sent; default: the dump's name and .progress")
    .option("--region <where>", "where the data is, if it is not found: a partition's label, or 0xADDRESS:0xBYTES")
    .addOption(new Option("--page-bytes <n>", "size of a flash page in the dump").default(4096).argParser(parseCount))
    .addOption(new Option("--points-per-request <n>", "limit of the account's plan").argParser(parseCount))
    .addOption(new Option("--points-per-day <n>", "limit of the account's plan").argParser(parseCount))
    .addOption(new Option("--requests-per-day <n>", "limit of the account's plan").argParser(parseCount))
    .addHelpText(
      "after",
      `
The limits of the device hold here too, by the same code. When the day's allowance is used up, the command says when to
run it again. Samples older than 28 days are not sent; export has them all. The dump is never changed.
If the device works again, tell it what was sent, so that it sends nothing twice:
  npm run export -- --port PORT --mark-delivered flash.bin.progress
Samples whose time nothing in the dump tells are counted as undated and not sent.`,
    )
    .action((options: BackfillOptions) => run(options, terminal));
  return execute(command, args, terminal);
};

async function run(options: BackfillOptions, terminal: Terminal): Promise<void> {
  const token = await findToken(options, terminal);
  const complaint = checkAnswer.token(token) ?? checkAnswer.server(options.server);
  if (complaint !== undefined) throw new FieldError(`${complaint}.`, "Nothing was sent.");
  const server = options.server.replace(/\/$/, "");
  if (server.startsWith("http:")) terminal.remark("Plain http: anybody in the network can read the token.");
  const path = options.progress ?? `${options.dump}.progress`;
  const progress = openProgress(path, readUserFile(options.dump), options.region, options.pageBytes);
  sayWhenStopped(`Stopped. ${path} says what was sent: run the command again, and it goes on from there.`);
  try {
    if (!progress.isNew) terminal.remark(`Continuing from the progress in ${path}.`);
    const doubts = doubtsOf(mountCopy(progress.copy));
    await checkToken(server, token);
    const settings = {
      server,
      token,
      pointsPerRequestMax: options.pointsPerRequest,
      pointsPerDayMax: options.pointsPerDay,
      requestsPerDayMax: options.requestsPerDay,
    };
    const outcome = await deliverDump(progress.copy, settings, hostHttp(), hostTimers(), (level, text) =>
      terminal.remark(`[${level}] ${text}`),
    );
    report(outcome, doubts, terminal);
  } finally {
    progress.close();
  }
}

async function findToken(options: BackfillOptions, terminal: Terminal): Promise<string> {
  let token = options.token ?? terminal.env.BACKFILL_TOKEN;
  terminal.secrets.keep(token);
  if (token === undefined && terminal.interactive) {
    token = await terminal.ask.password("The device's Blynk token", checkAnswer.token);
    terminal.secrets.keep(token);
  }
  if (token !== undefined) return token;
  throw new FieldError(
    "There is no token.",
    "Put the device's Blynk token into the environment variable BACKFILL_TOKEN.",
  );
}

function report(outcome: DumpDeliveryOutcome, doubts: string[], terminal: Terminal): void {
  const { delivered, dropped, corrupt, undated, pending, fault, nextTryMs } = outcome;
  const unreadable = corrupt > 0 ? `, ${corrupt} that can't be read` : "";
  const droppedText = `${dropped > 0 ? `, ${dropped} dropped (too old, or refused)` : ""}${unreadable}`;
  const undatedText = undated > 0 ? `, ${undated} undated` : "";
  const verdict = outcome.verdict === VERDICT.allSent && undated > 0 ? VERDICT.undatedSamples : outcome.verdict;
  const isWhole = doubts.length === 0 && corrupt === 0;
  const words = verdict === VERDICT.allSent && !isWhole ? "what the dump holds was sent" : verdictText(verdict);
  terminal.print(`${counted(delivered, "sample")} delivered${droppedText}${undatedText}, ${pending} left: ${words}.`);
  if (!isWhole) {
    for (const doubt of doubts) terminal.remark(doubt);
    if (corrupt > 0)
      terminal.remark(`${counted(corrupt, "sample")} can't be read: the pages are damaged, or not in the dump.`);
    terminal.remark("If the chip can still be read, read it whole: `esptool read_flash 0 ALL flash.bin`.");
  }
  if (fault !== "") terminal.remark(fault);
  if (undated > 0) {
    terminal.remark(
      `${counted(undated, "sample was", "samples were")} not sent: nothing in the dump says when they were taken. \`npm run export\` has them.`,
    );
  }
  if (pending === 0 && undated === 0 && isWhole) return;
  if (pending === 0) throw new ExitStatus(EXIT.failed);
  if (Number.isFinite(nextTryMs)) terminal.remark(`Run the command again in ${inWords(nextTryMs)}.`);
  throw new ExitStatus(EXIT.failed);
}

function inWords(ms: number): string {
  const minutes = Math.ceil(ms / 60000);
  return minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}

runAsProgram(import.meta.url, backfill);
