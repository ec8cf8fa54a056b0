import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exportSamples } from "../../scripts/export.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { chipWithSamples, STREAMS } from "../support/console/chip-with-samples.ts";
import { startRigWithFirmware } from "../support/console/console-rig.ts";
import { dumpRows } from "../support/console/dump-rows.ts";
import { blankChip } from "../support/console/fake-machine.ts";
import { openRegionOf } from "../support/console/stored-region.ts";
import { makeTempFolder } from "../support/console/temp-folder.ts";

describe("export from a device", () => {
  it("gives what a dump gives, with the names that the firmware knows", async () => {
    const chip = chipWithSamples(500, 120);
    const dumped = await dumpRows(chip);
    const rig = await startRigWithFirmware({ flash: chip });
    const terminal = captureTerminal();
    expect(await exportSamples(["--port", rig.port], terminal), terminal.text()).toBe(0);
    const rows = terminal.out.slice(1).map((line) => line.split(","));
    expect(rows.map((row) => [row[0], ...row.slice(2)])).toEqual(dumped.map((row) => [row[0], ...row.slice(2)]));
    expect(rows[0][1]).toBe("temperature");
    expect(rows.at(-1)?.[1]).toBe("");
  });

  it("marks what it exported as delivered, in the ledger alone, and restarts the firmware", async () => {
    const chip = chipWithSamples(500, 120);
    const before = Buffer.from(chip);
    const rig = await startRigWithFirmware({ flash: chip });
    const terminal = captureTerminal();
    expect(await exportSamples(["--port", rig.port, "--mark-delivered"], terminal), terminal.text()).toBe(0);
    expect(terminal.text()).toContain("Marked 880 samples as delivered");
    const after = Buffer.from(chip);
    expect(after.subarray(0x312000).equals(before.subarray(0x312000)), "pages of samples and all behind").toBe(true);
    expect(after.subarray(0, 0x310000).equals(before.subarray(0, 0x310000)), "all before the region").toBe(true);
    expect(rig.machine.boots).toBe(2);
    const rows = await dumpRows(chip);
    expect(new Set(rows.map((row) => row[5]))).toEqual(new Set(["delivered"]));
    expect(openRegionOf(chip, STREAMS).ring.totals(1).pending).toBe(0);
  });

  it("refuses a bad --out, a bad progress file and a bad device file before it looks for the device", async () => {
    const refused = async (...args: string[]) => {
      const terminal = captureTerminal();
      expect(await exportSamples(["--port", "tcp://127.0.0.1:9", ...args], terminal)).toBe(1);
      expect(terminal.text()).not.toContain("127.0.0.1");
      return terminal.text();
    };
    expect(await refused("--out", join(makeTempFolder(), "none", "x.csv"))).toMatch(
      /x\.csv can't be written: there is no/,
    );
    expect(await refused("--out", makeTempFolder())).toContain("can't be written: it is a folder");
    expect(await refused("--mark-delivered", "none.bin")).toMatch(/none\.bin can't be read: there is no/);
    const device = await refused("--device", "nope.ts");
    expect(device).toMatch(/The device file can't be read:\n.*no such device file: nope\.ts/);
    expect(device).not.toMatch(/Nothing was written|be built/);
  });

  it("refuses the progress file of another region before it copies this one", async () => {
    const rig = await startRigWithFirmware({ flash: chipWithSamples(9) });
    const progress = join(makeTempFolder(), "progress.bin");
    writeFileSync(progress, chipWithSamples(9).subarray(0x310000, 0x31f000));
    const terminal = captureTerminal();
    const out = join(makeTempFolder(), "x.csv");
    const args = ["--port", rig.port, "--out", out, "--mark-delivered", progress];
    expect(await exportSamples(args, terminal)).toBe(1);
    expect(terminal.text()).toContain("is of a region of another size");
    expect(existsSync(out)).toBe(false);
  });

  it("leaves the file of --out as it was when there is nothing to export", async () => {
    const rig = await startRigWithFirmware({ flash: blankChip() });
    const out = join(makeTempFolder(), "x.csv");
    writeFileSync(out, "kept");
    expect(await exportSamples(["--port", rig.port, "--out", out], captureTerminal())).toBe(1);
    expect(readFileSync(out, "utf8")).toBe("kept");
  });

  it("refuses a region that is not whole pages", async () => {
    const rig = await startRigWithFirmware({ flash: chipWithSamples(9) });
    const terminal = captureTerminal();
    expect(await exportSamples(["--port", rig.port, "--region", "0x310000:0x10001"], terminal)).toBe(1);
    expect(terminal.text()).toContain("65537 bytes, which is not a whole number of pages of 4096 bytes");
  });

  it("says that there is no data, and prints nothing", async () => {
    const rig = await startRigWithFirmware({ flash: blankChip() });
    const terminal = captureTerminal();
    expect(await exportSamples(["--port", rig.port], terminal)).toBe(1);
    expect(terminal.text()).toContain("no data of this firmware on the device");
    expect(terminal.out).toEqual([]);
  });
});
