import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exportSamples } from "../../scripts/export.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { chipWithSamples, START_MS, STREAMS } from "../support/console/chip-with-samples.ts";
import { TOKEN } from "../support/console/console-rig.ts";
import { dumpRows } from "../support/console/dump-rows.ts";
import { blankChip } from "../support/console/fake-machine.ts";
import { openRegionOf } from "../support/console/stored-region.ts";
import { makeTempFolder } from "../support/console/temp-folder.ts";
import { addFix } from "../support/fixes.ts";

const SEED = Number(process.env.SIM_SEED ?? 20260602);

describe("export from a dump", () => {
  it("gives every sample with its time, value and state", async () => {
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

  it("takes a dump of the region alone as well as of the whole chip", async () => {
    const chip = chipWithSamples(300);
    const whole = await dumpRows(chip);
    const region = await dumpRows(chip.slice(0x310000, 0x320000));
    expect(region).toEqual(whole);
    expect(await dumpRows(chip, "--region", "0x310000:0x10000")).toEqual(whole);
    expect(await dumpRows(chip, "--region", "flash")).toEqual(whole);
  });

  it("leaves out delivered samples when only pending ones are wanted", async () => {
    const rows = await dumpRows(chipWithSamples(100, 40), "--pending");
    expect(rows.filter((row) => row[0] === "v1")).toHaveLength(60);
  });

  it("dates the last samples before a power cut from the time that a person states, and says so", async () => {
    const chip = blankChip();
    const { ledger, ring } = openRegionOf(chip, STREAMS);
    // Two power-ons met no clock; the third did, three hours after the second ended.
    for (const session of [8, 16, 24]) {
      ledger.boot(session, session * 225000);
      ring.start(session);
      for (let i = 0; i < 30; i++) ring.append(1, session * 225000 + i * 60000, 200 + i);
    }
    const offMs = START_MS - 3 * 3600000;
    addFix(ledger, 24, 24 * 225000 + 1000, START_MS, 20);
    const path = join(makeTempFolder(), "flash.bin");
    writeFileSync(path, chip);
    const terminal = captureTerminal();
    expect(await exportSamples(["--dump", path, "--assume-off", new Date(offMs).toISOString()], terminal)).toBe(0);
    expect(terminal.out[0]).toBe("pin,name,ts,iso,value,state,bound_ms,stated");
    const rows = terminal.out.slice(1).map((line) => line.split(","));
    expect(rows.map((row) => row[7])).toEqual([
      ...Array(30).fill(""),
      ...Array(30).fill("stated"),
      ...Array(30).fill(""),
    ]);
    expect(rows.slice(0, 30).every((row) => row[2] === "" && row[5] === "undated")).toBe(true);
    for (const [i, row] of rows.slice(30, 60).entries()) {
      const errorMs = Number(row[2]) - (offMs - (29 - i) * 60000);
      expect(Math.abs(errorMs)).toBeLessThanOrEqual(Number(row[6]));
      expect(Number(row[6])).toBeLessThan(100_000);
      expect(row[5]).toBe("undated");
    }
    expect(terminal.text()).toContain("30 samples have a stated time.");

    // After the next fix it can't be: the unit was on.
    const wrong = captureTerminal();
    const late = new Date(START_MS + 86400000).toISOString();
    expect(await exportSamples(["--dump", path, "--assume-off", late], wrong)).toBe(0);
    expect(wrong.text()).toContain("The stated time dates no sample");
  });

  it("writes valid JSON into a file, with the names of a device file", async () => {
    const folder = makeTempFolder();
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

  it("gives samples that nothing dates no time", async () => {
    const chip = blankChip();
    const { ledger, ring } = openRegionOf(chip, STREAMS);
    ledger.boot(1, 1);
    ring.start(1);
    for (let i = 0; i < 5; i++) ring.append(1, 1000 + i * 60000, i);
    const rows = await dumpRows(chip);
    expect(rows.map((row) => [row[2], row[3], row[5]])).toEqual(Array(5).fill(["", "", "undated"]));
  });

  it("gives all whole samples of a dump that was read during a write, and no sample that was never taken", async () => {
    const random = createPrng(SEED).next;
    const whole = await dumpRows(chipWithSamples(400));
    const values = new Map(whole.map((row) => [`${row[0]} ${row[2]}`, row[4]]));
    for (let i = 0; i < 20; i++) {
      // The chip in the middle of the last write: some of its bits are cleared already.
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
      // The last fix was being written too: times may differ, values and their order may not.
      const v1 = rows.filter((row) => row[0] === "v1").map((row) => row[4]);
      const expected = [...values].filter(([key]) => key.startsWith("v1")).map(([, value]) => value);
      expect(v1.slice(0, 399), where).toEqual(expected.slice(0, 399));
    }
  });

  it("says what is wrong with a file that is not a dump", async () => {
    const cases: [bytes: Uint8Array, args: string[], message: RegExp][] = [
      [new Uint8Array(0), [], /not a whole number of pages/],
      [new Uint8Array(5000), [], /5000 bytes, which is not a whole number of pages/],
      [new Uint8Array(8192).fill(0xff), [], /no data of this firmware/],
      [blankChip(), [], /no data of this firmware in the dump/],
      [blankChip(), ["--region", "nowhere"], /no partition nowhere/],
      [blankChip(), ["--region", "0x400000:0x1000"], /beyond the end of the dump/],
    ];
    for (const [bytes, args, message] of cases) {
      const path = join(makeTempFolder(), "flash.bin");
      writeFileSync(path, bytes);
      const terminal = captureTerminal();
      expect(await exportSamples(["--dump", path, ...args], terminal)).toBe(1);
      expect(terminal.text()).toMatch(message);
    }
    const terminal = captureTerminal();
    expect(await exportSamples(["--dump", join(makeTempFolder(), "nothing.bin")], terminal)).toBe(1);
    expect(terminal.text()).toContain("can't be read");
  });

  it("never copies the unit's secrets out of a dump of the whole chip", async () => {
    const chip = chipWithSamples(10);
    chip.set(Buffer.from(JSON.stringify({ token: TOKEN })), 0x320100);
    const rows = await dumpRows(chip);
    expect(rows.flat().join()).not.toContain(TOKEN);
  });
});
