import { Option } from "commander";
import { LIMITS } from "../firmware/limits.ts";
import type { DropReason } from "../firmware/storage/ledger/ledger-types.ts";
import { VERDICT, verdictText } from "../firmware/verdict.ts";
import { counted } from "./build/counted.ts";
import { checkToken } from "./console/doctor/token-check.ts";
import { countFates, type DumpDeliveryOutcome, deliverDump, type Fates } from "./console/stored-data/dump-delivery.ts";
import { hostHttp, hostTimers } from "./console/stored-data/host-ports.ts";
import { pageBytesOption } from "./console/stored-data/page-bytes-option.ts";
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
} from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import { withJson } from "./console/terminal/json-output.ts";
import { sayWhenStopped } from "./console/terminal/stopping.ts";
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

export const backfill: CommandFunction = withJson((args, terminal) => {
  const command = createCommand(
    "backfill",
    "Sends the pending samples in the flash dump of a dead device to the server.",
    terminal,
    "0 all samples are sent; 1 not all, or the dump may not hold all; 2 wrong usage.",
    "{ isDone, delivered, pending, notSent: { expired, … }, verdict, verdictText, fault, retryInMs, doubts, progress }",
  )
    .requiredOption(
      "--dump <flash.bin>",
      "a dump of the whole chip, or of the region alone (see `npm run export -- --help`)",
    )
    .option("--server <url>", "server of the account's region, e.g. https://fra1.blynk.cloud", "https://blynk.cloud")
    .option("--token <token>", "the device's Blynk token; safer in the environment variable BACKFILL_TOKEN")
    .option("--progress <file>", "file that records what was sent; default: the dump's name and .progress")
    .option("--region <where>", "where the data is, if it is not found: a partition's label, or 0xADDRESS:0xBYTES")
    .addOption(pageBytesOption())
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
});

async function run(options: BackfillOptions, terminal: Terminal): Promise<void> {
  sayWhenStopped("Stopped. Nothing was sent.");
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
    // Also what earlier runs let go, and not what the device itself had let go.
    const notSent = fatesSince(countFates(mountCopy(progress.original)), countFates(mountCopy(progress.copy)));
    report({ outcome, notSent, doubts, path }, terminal);
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

/** Why samples of the dump were not sent, in words, with what to do about the others. */
const FATES: { [reason in DropReason]: string } = {
  expired: `older than ${LIMITS.ageMaxMs / 86_400_000} days, which the server does not take`,
  refused: "refused by the server",
  undatable: "nothing in the dump says when they were taken",
  overwritten: "overwritten",
  corrupt: "they can't be read: the pages are damaged, or not in the dump",
};

function fatesSince(before: Fates, after: Fates): Fates {
  const since = { ...after };
  for (const reason of Object.keys(FATES) as DropReason[]) since[reason] -= before[reason];
  return since;
}

interface Report {
  outcome: DumpDeliveryOutcome;
  notSent: Fates;
  doubts: string[];
  /** Of the progress file. */
  path: string;
}

/** Ends with exit status 1 unless every sample of the dump was sent, and the dump holds all. */
function report({ outcome, notSent, doubts, path }: Report, terminal: Terminal): void {
  const { delivered, pending, fault, nextTryMs } = outcome;
  const lost = (Object.entries(notSent) as [DropReason, number][]).filter(([, count]) => count > 0);
  const isWhole = doubts.length === 0 && notSent.corrupt === 0;
  const isDone = pending === 0 && lost.length === 0 && isWhole;
  const verdict =
    outcome.verdict === VERDICT.allSent && notSent.undatable > 0 ? VERDICT.undatedSamples : outcome.verdict;
  const nothingMore = isWhole ? "nothing more can be sent" : "what the dump holds was sent";
  const words = verdict === VERDICT.allSent && !isDone && pending === 0 ? nothingMore : verdictText(verdict);
  terminal.json?.result({
    ...{ isDone, delivered, pending, notSent, verdict, verdictText: words, fault },
    ...{ retryInMs: pending > 0 && Number.isFinite(nextTryMs) ? nextTryMs : null, doubts, progress: path },
  });
  const names: { [reason in DropReason]?: string } = {
    undatable: "undated",
    corrupt: "unreadable",
    expired: "too old",
  };
  const parts = lost.map(([reason, count]) => `, ${count} ${names[reason] ?? reason}`).join("");
  terminal.print(`${counted(delivered, "sample")} delivered${parts}, ${pending} left: ${words}.`);
  for (const doubt of doubts) terminal.remark(doubt);
  for (const [reason, count] of lost) {
    terminal.remark(`${counted(count, "sample was", "samples were")} not sent: ${FATES[reason]}.`);
  }
  if (!isWhole) terminal.remark("If the chip can still be read, read it whole: `esptool read_flash 0 ALL flash.bin`.");
  if (fault !== "") terminal.remark(fault);
  if (isDone) return;
  if (lost.length > 0) terminal.remark("`npm run export` has all samples that can be read.");
  if (pending > 0 && Number.isFinite(nextTryMs)) terminal.remark(`Run the command again in ${inWords(nextTryMs)}.`);
  throw new ExitStatus(EXIT.failed);
}

function inWords(ms: number): string {
  const minutes = Math.ceil(ms / 60000);
  return minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}

runAsProgram(import.meta.url, backfill);
