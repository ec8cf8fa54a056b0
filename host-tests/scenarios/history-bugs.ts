/**
 * Faults that the firmware had, planted into the text of its sources as they are built: histories that miss one are broken.
 * `file` lies in firmware/; `find` stands there exactly once.
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Plugin } from "esbuild";
import { devicePlugin } from "../../scripts/build/device-plugin.ts";
import { FIRMWARE } from "../../scripts/build/paths.ts";
import { runEsbuild } from "../../scripts/build/run-esbuild.ts";
import { OBSERVE } from "../../scripts/simulator/device-source.ts";
import type { Program } from "../../scripts/simulator/simulate.ts";

export interface HistoryBug {
  name: string;
  edits: { file: string; find: string; put: string }[];
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
];

/** The firmware with this device in it and the bug written into its sources. Nothing in the firmware knows of this. */
export async function plantBug(bug: HistoryBug, deviceSource: string): Promise<Program> {
  const device = { deviceSource: `${deviceSource}${OBSERVE}` };
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
