import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { columnsOf } from "../../scripts/bench/readings.ts";
import { measure } from "../../scripts/bench.ts";
import { ROOT } from "../../scripts/build/bundle.ts";
import { build } from "../../scripts/build.ts";
import { check } from "../../scripts/check.ts";
import type { CommandFunction } from "../../scripts/console/terminal/command.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { makeTempFolder } from "../support/console/temp-folder.ts";

async function run(command: CommandFunction, ...args: string[]) {
  const terminal = captureTerminal();
  const status = await command(args, terminal);
  return { status, out: terminal.out.join("\n"), err: terminal.err.join("\n") };
}

const WRONG_USAGE: [what: string, command: CommandFunction, args: string[], words: string][] = [
  ["build with an unknown option", build, ["--nonsense"], "unknown option '--nonsense'"],
  ["bench with an unknown option", measure, ["storage", "--nonsense"], "unknown option '--nonsense'"],
  ["bench with an unknown part", measure, ["nonsense"], "unknown command 'nonsense'"],
  ["bench with no part", measure, [], "npm run bench -- [command] [options]"],
  ["bench with a wrong number", measure, ["interpreter", "--runs", "many"], "Give a whole number above 0."],
  ["check with an unknown option", check, ["--nonsense"], "unknown option '--nonsense'"],
  [
    "check with an unknown name",
    check,
    ["nonsense"],
    "Allowed choices are types, firmware, page, lint, dialect, size, house",
  ],
];

const NO_FILES: [what: string, command: CommandFunction, args: string[], words: RegExp][] = [
  [
    "a folder of --out that is missing",
    build,
    ["--out", "missing/x.js"],
    /missing\/x\.js can't be written: there is no/,
  ],
  ["a file as a folder of --out", build, ["--out", "README.md/x.js"], /README\.md\/x\.js can't be written: a part of/],
  ["a device file that is missing", build, ["--device", "missing.ts"], /no such device file: .*missing\.ts/],
  ["a device file that is a folder", build, ["--device", "firmware"], /the device file is a folder: .*firmware/],
  [
    "a recording that is missing",
    measure,
    ["storage", "--data", "missing.csv"],
    /can't read missing\.csv: there is no such file/,
  ],
];

describe("build, bench and check", () => {
  it.each(WRONG_USAGE)("end with exit status 2: %s", async (_, command, args, words) => {
    const { status, err } = await run(command, ...args);
    expect(status).toBe(2);
    expect(err).toContain(words);
  });

  it.each(NO_FILES)("name %s, without a stack", async (_, command, args, words) => {
    const { status, err } = await run(command, ...args);
    expect(status).toBe(1);
    expect(err).toMatch(words);
    expect(err).not.toMatch(/\n\s+at /);
    expect(existsSync("missing")).toBe(false);
  });

  it("name the line and the column of a recorded reading that is not a number", async () => {
    const path = join(makeTempFolder(), "room.csv");
    writeFileSync(path, "time,co2\n2026-01-01T00:00Z,400\n2026-01-01T00:01Z,?\n");
    const { status, err } = await run(measure, "storage", "--data", path);
    expect(status).toBe(1);
    expect(err).toMatch(/room\.csv, line 3: "\?" in column "co2"/);
  });

  it("take the columns of a recording as scaled integers", () => {
    const path = join(makeTempFolder(), "room.csv");
    writeFileSync(path, "time,temperature,co2\n2026-01-01T00:00Z,21.5,400\n2026-01-01T00:01Z,-3.04,399.6\n");
    expect(columnsOf(path)).toEqual([
      { name: "temperature", decimals: 1, values: [215, -30] },
      { name: "co2", decimals: 0, values: [400, 400] },
    ]);
  });

  it("end without a word when nobody reads what they print", async () => {
    const out = join(makeTempFolder(), "firmware.js");
    const args = [join("node_modules", "tsx", "dist", "cli.mjs"), join("scripts", "build.ts"), "--out", out];
    const child = spawn(process.execPath, args, { cwd: ROOT });
    child.stdout.destroy();
    let err = "";
    child.stderr.on("data", (data) => (err += data));
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect({ status, err }).toEqual({ status: 1, err: "" });
    expect(existsSync(out)).toBe(true);
  });
});
