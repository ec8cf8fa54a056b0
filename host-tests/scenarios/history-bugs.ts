/**
 * Faults that the firmware had, planted into the text of its sources as they are built: a test that misses one is broken.
 * `file` lies in firmware/; `find` stands there exactly once.
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Plugin } from "esbuild";
import { devicePlugin } from "../../scripts/build/device-plugin.ts";
import { FIRMWARE } from "../../scripts/build/paths.ts";
import { runEsbuild } from "../../scripts/build/run-esbuild.ts";
import { type BuiltDevice, deviceSourceOf } from "../../scripts/simulator/device-source.ts";
import { all, claimsHold } from "../../scripts/simulator/scenarios/promises.ts";
import type { Scenario } from "../../scripts/simulator/scenarios/scenario.ts";
import { WRONG_TIMES } from "../../scripts/simulator/scenarios/wrong-times.ts";
import type { Program } from "../../scripts/simulator/simulate.ts";
import {
  AHEAD_TOGETHER,
  DISPUTED_LATE,
  NO_TIMESTAMPS,
  UNANSWERED_TOGETHER,
  YEARS_BEHIND_TOGETHER,
} from "./lying-together.ts";

export interface HistoryBug {
  name: string;
  edits: { file: string; find: string; put: string }[];
  /** Its promise is broken by the bug. Absent: a history finds it. */
  shownBy?: Scenario;
}

/** A scenario of `npm run simulate`, which promises true bounds as well, and accounts that agree. */
function shown(name: string): Scenario {
  const scenario = WRONG_TIMES.find((one) => one.name === name);
  if (!scenario?.promise) throw new Error(`no scenario ${name}`);
  return { ...scenario, promise: all(scenario.promise, claimsHold, ({ problems }) => problems) };
}

export const HISTORY_BUGS: HistoryBug[] = [
  {
    name: "a stall taken for a jump of the clock",
    edits: [
      {
        file: "clock/clock.ts",
        find: "if (nowMs > overdueMs) {",
        put: "if (nowMs > overdueMs) {\n      return jump(nowMs, 0);",
      },
    ],
  },
  {
    name: "setTime not told",
    edits: [{ file: "platform/timers.ts", find: "stepsS += getTime() - beforeS;", put: "" }],
  },
  {
    name: "raw time taken from a timer that a moved clock brought along",
    edits: [{ file: "clock/clock.ts", find: "return jump(nowMs, 0);", put: "return jump(nowMs, dueRawMs);" }],
  },
  {
    name: "fixes that pending samples need are thinned",
    shownBy: shown("power-flaps"),
    edits: [
      {
        file: "storage/ledger/fixes.ts",
        find: "if (fix.rawMs <= state.keepFromRawMs) neededFrom = i;",
        put: "neededFrom = fixes.length;",
      },
    ],
  },
  {
    name: "the mark of what was sent is never lowered",
    shownBy: AHEAD_TOGETHER,
    edits: [{ file: "upload/mistakes.ts", find: "review.mark(streamPace(memory, pins[i]));", put: "" }],
  },
  {
    name: "a Date is believed from any answer",
    edits: [
      {
        file: "upload/server-date.ts",
        find: "done(proven && clock.session() === session ? answer",
        put: "done(true ? answer",
      },
    ],
  },
  {
    name: "SNTP is not checked by the server's date",
    edits: [
      {
        file: "clock/take-fix.ts",
        find: "if (sntp && date && Math.abs(apartMs) > sntp.boundMs + date.boundMs) {",
        put: "if (apartMs > Infinity) {",
      },
    ],
  },
  {
    name: "what SNTP said before the server's date disputed it is kept",
    shownBy: DISPUTED_LATE,
    edits: [{ file: "clock/take-fix.ts", find: "removeDisputed(date);", put: "" }],
  },
  {
    name: "an attempt with disproved times is replayed",
    shownBy: UNANSWERED_TOGETHER,
    edits: [{ file: "upload/mistakes.ts", find: "if (open) review.attempt(open);", put: "" }],
  },
  {
    name: "zero timestamps are taken for a time",
    shownBy: NO_TIMESTAMPS,
    edits: [{ file: "clock/sntp.ts", find: "if (seconds + fraction === 0) return NaN;", put: "" }],
  },
  {
    name: "a time from before the build is taken for a time",
    shownBy: YEARS_BEHIND_TOGETHER,
    edits: [
      {
        file: "clock/take-fix.ts",
        find: "if (answer.trueMs + answer.boundMs < BUILD_MS - BUILD_CLOCK_MS) {",
        put: "if (answer.trueMs + answer.boundMs < 0) {",
      },
    ],
  },
  {
    name: "a smeared leap second does not widen the bound",
    shownBy: shown("smeared-leap"),
    edits: [{ file: "clock/sntp.ts", find: "if (apartMs <= SMEAR_MS) boundMs =", put: "if (apartMs < 0) boundMs =" }],
  },
  {
    name: "sessions begin again when the ledger is lost",
    shownBy: shown("ledger-lost"),
    edits: [
      {
        file: "start-session.ts",
        find: "((ringSession - told.session) | 0) > 0 ? ringSession : told.session",
        put: "told.session",
      },
    ],
  },
];

/** As the simulator builds: the day before power-on in 2026. */
const BUILD_MS = Date.UTC(2025, 11, 31);

/** The firmware with this device in it and the bug written into its sources. Nothing in the firmware knows of this. */
export async function plantBug(bug: HistoryBug, simulated: BuiltDevice): Promise<Program> {
  const device = {
    deviceFile: "file" in simulated ? simulated.file : undefined,
    deviceSource: deviceSourceOf(simulated),
    buildMs: BUILD_MS,
  };
  const edited = new Set<string>();
  const plant: Plugin = {
    name: "plant",
    setup(build) {
      build.onLoad({ filter: /firmware\/.*\.ts$/ }, ({ path }) => {
        let contents = readFileSync(path, "utf8");
        for (const { file, find, put } of bug.edits) {
          if (file !== relative(FIRMWARE, path)) continue;
          if (contents.split(find).length !== 2) throw new Error(`${file} has no such place: ${find}`);
          contents = contents.replace(find, () => put);
          edited.add(file);
        }
        return { contents, loader: "ts" };
      });
    },
  };
  const { code } = await runEsbuild(device, {
    entryPoints: [join(FIRMWARE, "main.ts")],
    plugins: [plant, devicePlugin(device)],
  });
  for (const { file } of bug.edits)
    if (!edited.has(file)) throw new Error(`${file} is not part of the firmware any more`);
  return { code };
}
