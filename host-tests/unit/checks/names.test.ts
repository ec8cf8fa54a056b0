import { describe, expect, it } from "vitest";
import { formatProblem } from "../../../scripts/build/bundle.ts";
import { breachesIn, complaintsAbout } from "./in-file.ts";

const ESPRUINO: [what: string, path: string, text: string, words: string][] = [
  ["its modules", "firmware/upload/x.ts", 'require("Wifi");\n', "firmware/upload/x.ts:1:1: names require"],
  ["its E", "firmware/storage/x.ts", "\nE.CRC32([]);\n", "firmware/storage/x.ts:2:1: names E"],
  ["a pin", "firmware/panel/x.ts", "print(D2);\n", "names D2"],
  ["a timer that is not a port", "firmware/clock/x.ts", "setTimeout(() => {}, 1);\n", "names setTimeout"],
  ["what a type is asserted of", "firmware/clock/x.ts", "export const a = (E as unknown as A)!;\n", "names E"],
];

describe("Espruino's names", () => {
  it.each(ESPRUINO)("stand only in firmware/platform: %s", (_, path, text, words) => {
    expect(complaintsAbout(path, text)).toContain(words);
    expect(complaintsAbout("firmware/platform/x.ts", text)).toBe("");
  });

  it("may be a program's own, a member or a type", () => {
    const own = "export function f(print: { load(): void }) {\n  print.load();\n}\n";
    expect(complaintsAbout("firmware/clock/x.ts", own)).toBe("");
    expect(complaintsAbout("firmware/clock/x.ts", "export let pin: Pin | D2;\nexport type T = E;\n")).toBe("");
  });
});

describe("the names of files", () => {
  const twins = (...paths: string[]) =>
    breachesIn(Object.fromEntries(paths.map((path) => [path, ""])))
      .map(formatProblem)
      .join("\n");

  it("stand once in the firmware and the scripts", () => {
    expect(twins("firmware/clock/x.ts", "scripts/build/x.ts")).toContain(
      "scripts/build/x.ts:1:1: is called like firmware/clock/x.ts",
    );
    expect(twins("scripts/build/x.ts", "scripts/console/unit/x.ts")).toContain("is called like scripts/build/x.ts");
  });

  it("may stand twice where the reason is written down", () => {
    expect(twins("firmware/platform/pins.ts", "scripts/simulator/pins.ts")).toBe("");
    expect(twins("firmware/platform/pins.ts", "scripts/build/pins.ts")).toContain("is called like");
  });

  it("may be a command's, and a test's", () => {
    expect(twins("firmware/clock/x.ts", "scripts/x.ts", "host-tests/support/x.ts")).toBe("");
  });
});

const RETIRED: [word: string, path: string, text: string, successor: string][] = [
  ["syncer", "scripts/x.ts", "export const theSyncer = 1;\n", "delivery"],
  ["sync point", "firmware/clock/x.ts", "export interface SyncPoint {}\n", "fix"],
  ["uploader", "host-tests/x.ts", "createUploader();\n", "drain"],
  ["bench outside `npm run bench`", "host-tests/support/x.ts", "export const bench = createBench();\n", "rig"],
];

describe("words that were given up", () => {
  it.each(RETIRED)("are refused with their successor: %s", (_, path, text, successor) => {
    expect(complaintsAbout(path, text)).toContain(`Instead: ${successor}`);
  });

  it.each(["firmware/clock/sync-point.ts", "scripts/console/time-sync.ts", "host-tests/support/upload-bench.ts"])(
    "are refused as the name of a file: %s",
    (path) => expect(complaintsAbout(path, "export {};\n")).toContain(`${path}:1:1: has a name that was given up`),
  );

  it("leave a bench to `npm run bench`, and a sync to those who press the button", () => {
    expect(complaintsAbout("scripts/bench/x.ts", "export function benchStorage() {}\n")).toBe("");
    expect(complaintsAbout("firmware/x.ts", "export const syncEveryMs = 1;\n")).toBe("");
  });
});
