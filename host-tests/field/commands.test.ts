import { describe, expect, it } from "vitest";
import { backfill } from "../../scripts/backfill.ts";
import { measure } from "../../scripts/bench.ts";
import { build } from "../../scripts/build.ts";
import { check } from "../../scripts/check.ts";
import { parseSeconds, parseWait } from "../../scripts/console/terminal/command.ts";
import { doctor } from "../../scripts/doctor.ts";
import { erase } from "../../scripts/erase.ts";
import { exportSamples } from "../../scripts/export.ts";
import { flash } from "../../scripts/flash.ts";
import { monitor } from "../../scripts/monitor.ts";
import { onLinux } from "../../scripts/on-linux.ts";
import { provision } from "../../scripts/provision.ts";
import { simulate } from "../../scripts/simulate.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";

const COMMANDS = { flash, provision, doctor, monitor, export: exportSamples, backfill };

describe.each(Object.entries(COMMANDS))("%s", (name, command) => {
  it("explains itself with --help", async () => {
    const terminal = captureTerminal();
    expect(await command(["--help"], terminal)).toBe(0);
    const help = terminal.out.join("\n");
    expect(help).toMatch(new RegExp(`^Usage: npm run ${name} -- \\[options\\]`));
    expect(help).toContain("Options:");
    expect(help).toMatch(name === "backfill" ? /--dump <flash.bin>/ : /-p, --port <name>/);
    for (const line of help.split("\n")) expect(line.length, line).toBeLessThanOrEqual(terminal.columns + 20);
    expect(terminal.err).toEqual([]);
  });

  it("names an unknown option, and ends with exit status 2", async () => {
    const terminal = captureTerminal();
    expect(await command(["--dump", "x", "--nonsense"].slice(name === "backfill" ? 0 : 2), terminal)).toBe(2);
    expect(terminal.err.join("\n")).toContain("unknown option '--nonsense'");
  });

  it("names the option with a wrong number, and ends with exit status 2", async () => {
    const terminal = captureTerminal();
    const args = name === "backfill" ? ["--dump", "x", "--points-per-day", "many"] : ["--wait", "soon"];
    expect(await command(args, terminal)).toBe(2);
    expect(terminal.err.join("\n")).toMatch(
      /option '--(wait|points-per-day) <\w+>' argument '\w+' is invalid\. Give a /,
    );
  });
});

it.each(["2026-02-30", "2026-13-01T00:00Z", "2026-04-31T12:00Z", "yesterday", "1700000000"])(
  "export refuses --assume-off %s: it is no time",
  async (time) => {
    const terminal = captureTerminal();
    expect(await exportSamples(["--dump", "x", "--assume-off", time], terminal)).toBe(2);
    expect(terminal.text()).toContain("Give a time such as 2026-03-01T14:30Z");
  },
);

it("a wait may be 0, a length of time may not", () => {
  expect([parseWait("0"), parseWait("2.5")]).toEqual([0, 2.5]);
  for (const text of ["", "-1", "x", "Infinity"]) expect(() => parseWait(text)).toThrow("Give a number of seconds");
  expect(() => parseSeconds("0")).toThrow("Give a number of seconds above 0");
});

it.each(Object.entries({ ...COMMANDS, build, measure, simulate, erase, check, "on-linux": onLinux }))(
  "the help of %s ends with what its exit statuses mean",
  async (_, command) => {
    const terminal = captureTerminal();
    await command(["--help"], terminal);
    expect(terminal.out.join("\n").match(/Exit status: 0 .+; 1 /g)).toHaveLength(1);
  },
);
