import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exportSamples } from "../../scripts/export.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { type ConsoleRig, startRig, tinyFirmware } from "../support/console/console-rig.ts";
import { blankChip } from "../support/console/fake-machine.ts";
import { openRegionOf } from "../support/console/stored-region.ts";

const SEED = Number(process.env.SIM_SEED ?? 20260602);
const START_MS = Date.UTC(2026, 2, 1);
const STREAMS = [
  { pin: 1, intervalMs: 60000, decimals: 1 },
  { pin: 7, intervalMs: 60000, decimals: 2 },
];

let folder: string;
let rig: ConsoleRig | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "backfill-export-"));
});
afterEach(async () => {
  await rig?.close();
  rig = undefined;
  rmSync(folder, { recursive: true });
});

/** A chip with `count` samples of v1 and v7, the first `delivered` of v1 settled; dated by two syncs. */
function chipWithSamples(count: number, delivered = 0): Uint8Array {
  const chip = blankChip();
  const { ledger, ring } = openRegionOf(chip, STREAMS);
  ledger.boot(1, 1);
  ring.start(1);
  for (let i = 0; i < count; i++) {
    ring.append(1, 1000 + i * 60000, 205 + (i % 10));
    ring.append(7, 1500 + i * 60000, i === 3 ? Number.NaN : -1250 + i);
  }
  ledger.addFix(1, 1000, START_MS, 20);
  ledger.addFix(1, 1000 + count * 60000, START_MS + count * 60000, 20);
  if (delivered > 0) {
    const to = ring.end(1, 0, delivered);
    const rawMs = 1000 + count * 60000;
    const attempt = { pin: 1, from: 0, to, points: delivered, bodyBytes: 9, rawMs, fixId: 1, thinEvery: 1 };
    ledger.recordAttempt({ ...attempt, thinPhase: 0, afterTrueMs: 0 });
    const none = { thinned: 0, undatable: 0, unrepresentable: 0, corrupt: 0 };
    ledger.settle(1, rawMs, { ...none, delivered, lastTrueMs: START_MS + delivered * 60000 });
  }
  return chip;
}

async function dumpRows(chip: Uint8Array, ...more: string[]): Promise<string[][]> {
  const path = join(folder, "flash.bin");
  writeFileSync(path, chip);
  const terminal = captureTerminal();
  expect(await exportSamples(["--dump", path, ...more], terminal), terminal.text()).toBe(0);
  expect(terminal.out[0]).toBe("pin,name,ts,iso,value,state,bound_ms");
  return terminal.out.slice(1).map((line) => line.split(","));
}

describe("export", () => {
  it("gives every sample of a dump with its time, value and state", async () => {
    const rows = await dumpRows(chipWithSamples(500, 120));
    expect(rows).toHaveLength(1000);
    const v1 = rows.filter((row) => row[0] === "v1");
    expect(v1.map((row) => row[5])).toEqual([...Array(120).fill("delivered"), ...Array(380).fill("pending")]);
    expect(v1.map((row) => Number(row[2]))).toEqual(Array.from({ length: 500 }, (_, i) => START_MS + i * 60000));
    expect(v1[0].slice(2, 5)).toEqual([String(START_MS), "2026-03-01T00:00:00.000Z", "20.5"]);
    expect(Number(v1[0][6])).toBeGreaterThan(0);
    const v7 = rows.filter((row) => row[0] === "v7");
    expect(v7.slice(0, 4).map((row) => row[4])).toEqual(["-12.5", "-12.49", "-12.48", ""]);
  });

  it("takes an image of the region alone as well as of the whole chip", async () => {
    const chip = chipWithSamples(300);
    const whole = await dumpRows(chip);
    const region = await dumpRows(chip.slice(0x310000, 0x320000));
    expect(region).toEqual(whole);
    expect(await dumpRows(chip, "--region", "0x310000:0x10000")).toEqual(whole);
    expect(await dumpRows(chip, "--region", "flash")).toEqual(whole);
  });

  it("leaves out what was delivered when asked for what is pending", async () => {
    const rows = await dumpRows(chipWithSamples(100, 40), "--pending");
    expect(rows.filter((row) => row[0] === "v1")).toHaveLength(60);
  });

  it("writes JSON that parses, into a file, with the names of a device file", async () => {
    const path = join(folder, "flash.bin");
    const out = join(folder, "out.json");
    writeFileSync(path, chipWithSamples(20));
    const args = ["--dump", path, "--format", "json", "--out", out, "--device", "firmware/device.ts"];
    expect(await exportSamples(args, captureTerminal())).toBe(0);
    const samples = JSON.parse(readFileSync(out, "utf8"));
    expect(samples).toHaveLength(40);
    expect(samples[0]).toEqual({
      pin: "v1",
      name: "temperature",
      ts: START_MS,
      iso: "2026-03-01T00:00:00.000Z",
      value: 20.5,
      state: "pending",
      boundMs: samples[0].boundMs,
    });
    expect(samples[23].value).toBeNull();
  });

  it("gives samples that nothing dates without a time", async () => {
    const chip = blankChip();
    const { ledger, ring } = openRegionOf(chip, STREAMS);
    ledger.boot(1, 1);
    ring.start(1);
    for (let i = 0; i < 5; i++) ring.append(1, 1000 + i * 60000, i);
    const rows = await dumpRows(chip);
    expect(rows.map((row) => [row[2], row[3], row[5]])).toEqual(Array(5).fill(["", "", "undated"]));
  });

  it("gives all whole samples of a dump taken in mid-write, and none that was never taken", async () => {
    const random = createPrng(SEED).next;
    const whole = await dumpRows(chipWithSamples(400));
    const values = new Map(whole.map((row) => [`${row[0]} ${row[2]}`, row[4]]));
    for (let i = 0; i < 20; i++) {
      // The chip as it was in the middle of the last program: some of its bits are cleared already.
      const before = chipWithSamples(399);
      const after = chipWithSamples(400);
      const torn = before.map((byte, at) => {
        if (at < 0x310000 || at >= 0x320000 || byte === after[at]) return byte;
        return byte & (after[at] | Math.floor(random() * 256));
      });
      const where = `SIM_SEED=${SEED} dump ${i}`;
      const rows = await dumpRows(torn);
      expect(rows.length, where).toBeGreaterThanOrEqual(2 * 399);
      expect(rows.length, where).toBeLessThanOrEqual(2 * 400);
      // The last sync was being written too: times may be other, values and their order not.
      const v1 = rows.filter((row) => row[0] === "v1").map((row) => row[4]);
      const expected = [...values].filter(([key]) => key.startsWith("v1")).map(([, value]) => value);
      expect(v1.slice(0, 399), where).toEqual(expected.slice(0, 399));
    }
  });

  it("says what is wrong with a dump that is none", async () => {
    const cases: [bytes: Uint8Array, args: string[], message: RegExp][] = [
      [new Uint8Array(0), [], /no whole number of pages/],
      [new Uint8Array(5000), [], /5000 bytes, which is no whole number of pages/],
      [new Uint8Array(8192).fill(0xff), [], /no data of this firmware/],
      [blankChip(), [], /no data of this firmware in the dump/],
      [blankChip(), ["--region", "nowhere"], /no partition nowhere/],
      [blankChip(), ["--region", "0x400000:0x1000"], /beyond the end of the dump/],
    ];
    for (const [bytes, args, message] of cases) {
      const path = join(folder, "flash.bin");
      writeFileSync(path, bytes);
      const terminal = captureTerminal();
      expect(await exportSamples(["--dump", path, ...args], terminal)).toBe(1);
      expect(terminal.text()).toMatch(message);
    }
    const terminal = captureTerminal();
    expect(await exportSamples(["--dump", join(folder, "nothing.bin")], terminal)).toBe(1);
    expect(terminal.text()).toContain("can't be read");
  });

  it("never copies the unit's secrets out of a dump of the whole chip", async () => {
    const chip = chipWithSamples(10);
    const secret = "tok_5ecretTOKEN_5ecretTOKEN_0001";
    chip.set(Buffer.from(JSON.stringify({ token: secret })), 0x320100);
    const rows = await dumpRows(chip);
    expect(rows.flat().join()).not.toContain(secret);
  });
});

describe("export from a device", () => {
  const start = (chip: Uint8Array) =>
    startRig({ flash: chip, prepare: (machine) => machine.storage.write(".bootcde", tinyFirmware("0.1.0")) });

  it("gives what a dump gives, with the names that the firmware knows", async () => {
    const chip = chipWithSamples(500, 120);
    const dumped = await dumpRows(chip);
    rig = await start(chip);
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
    rig = await start(chip);
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

  it("says so when there is no data", async () => {
    rig = await start(blankChip());
    const terminal = captureTerminal();
    expect(await exportSamples(["--port", rig.port], terminal)).toBe(1);
    expect(terminal.text()).toContain("no data of this firmware on the device");
    expect(existsSync(join(folder, "flash.bin"))).toBe(false);
  });
});
