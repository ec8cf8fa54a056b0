import { describe, expect, it } from "vitest";
import { backfill } from "../../scripts/backfill.ts";
import { measure } from "../../scripts/bench.ts";
import { build } from "../../scripts/build.ts";
import { doctor } from "../../scripts/doctor.ts";
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

it.each(Object.entries({ ...COMMANDS, build, measure, simulate, "on-linux": onLinux }))(
  "the help of %s ends with what its exit statuses mean",
  async (_, command) => {
    const terminal = captureTerminal();
    await command(["--help"], terminal);
    expect(terminal.out.join("\n").match(/Exit status: 0 .+; 1 /g)).toHaveLength(1);
  },
);
