import { Option } from "commander";
import { verdictText } from "../firmware/verdict.ts";
import { askToken } from "./console/doctor/token-check.ts";
import { rescue } from "./console/stored-data/dump-delivery.ts";
import { hostHttp, hostTimers } from "./console/stored-data/host-ports.ts";
import { openProgress } from "./console/stored-data/progress-file.ts";
import {
  type CommandFunction,
  createCommand,
  EXIT,
  ExitStatus,
  execute,
  runAsProgram,
} from "./console/terminal/command.ts";
import { FieldError } from "./console/terminal/field-error.ts";
import type { Terminal } from "./console/terminal/terminal.ts";
import { checkAnswer } from "./console/unit/unit-settings.ts";
import { readDump } from "./export.ts";

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
  const command = createCommand("backfill", "Sends the samples of a dead device's flash image to the server.", terminal)
    .requiredOption("--dump <flash.bin>", "an image of the whole chip, or of the region alone (see export --help)")
    .option("--server <url>", "the account's region, e.g. https://fra1.blynk.cloud", "https://blynk.cloud")
    .option("--token <token>", "the device's Blynk token; better in the environment: BACKFILL_TOKEN")
    .option("--progress <file>", "where it is noted what was sent; <dump>.progress without it")
    .option("--region <where>", "where the data is, if not found by itself: a partition's label, or 0xADDRESS:0xBYTES")
    .addOption(new Option("--page-bytes <n>", "size of a flash page in the image").default(4096).argParser(Number))
    .addOption(new Option("--points-per-request <n>", "the plan's limit").argParser(Number))
    .addOption(new Option("--points-per-day <n>", "the plan's limit").argParser(Number))
    .addOption(new Option("--requests-per-day <n>", "the plan's limit").argParser(Number))
    .addHelpText(
      "after",
      `
The same limits hold as on the device, by the same code: what the day's allowance does not take is sent when the command
is run again (it says when). Samples older than 28 days are not sent; export has them all. The dump stays as it is.
If the device comes back to life, so that it sends nothing twice:
  npm run export -- --port PORT --mark-delivered flash.bin.progress
Exit status: 0 all sent, 1 not all.`,
    )
    .action((options: BackfillOptions) => run(options, terminal));
  return execute(command, args, terminal);
};

async function run(options: BackfillOptions, terminal: Terminal): Promise<void> {
  let token = options.token ?? terminal.env.BACKFILL_TOKEN;
  terminal.secrets.keep(token);
  if (token === undefined && terminal.interactive) {
    token = await terminal.ask.password("The device's Blynk token", checkAnswer.token);
    terminal.secrets.keep(token);
  }
  if (token === undefined) throw new FieldError("There is no token.", "Put it into the environment: BACKFILL_TOKEN.");
  const complaint = checkAnswer.token(token) ?? checkAnswer.server(options.server);
  if (complaint !== undefined) throw new FieldError(`${complaint}.`, "Nothing was sent.");
  const server = options.server.replace(/\/$/, "");
  if (server.startsWith("http:")) terminal.remark("Plain http: whoever is in between can read the token.");
  const path = options.progress ?? `${options.dump}.progress`;
  const progress = openProgress(path, readDump(options.dump), options.region, options.pageBytes);
  try {
    if (!progress.isNew) terminal.remark(`Going on where ${path} says.`);
    await askToken(server, token);
    const outcome = await rescue(
      progress.copy,
      {
        server,
        token,
        pointsPerRequestMax: options.pointsPerRequest,
        pointsPerDayMax: options.pointsPerDay,
        requestsPerDayMax: options.requestsPerDay,
      },
      hostHttp(),
      hostTimers(),
      (level, text) => terminal.remark(`[${level}] ${text}`),
    );
    terminal.print(
      `${outcome.delivered} samples delivered${outcome.dropped > 0 ? `, ${outcome.dropped} let go (too old, or nothing dates them)` : ""}, ${outcome.pending} left: ${verdictText(outcome.verdict)}.`,
    );
    if (outcome.fault !== "") terminal.remark(outcome.fault);
    if (outcome.pending === 0) return;
    if (Number.isFinite(outcome.nextTryMs)) terminal.remark(`Run it again in ${inWords(outcome.nextTryMs)}.`);
    throw new ExitStatus(EXIT.failed);
  } finally {
    progress.close();
  }
}

function inWords(ms: number): string {
  const minutes = Math.ceil(ms / 60000);
  return minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}

runAsProgram(import.meta.url, backfill);
