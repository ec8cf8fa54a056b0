import { describe, expect, it } from "vitest";
import { FieldError } from "../../scripts/console/terminal/field-error.ts";
import { installProgram, LOADER, readPrograms } from "../../scripts/console/unit/program-store.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { type ConsoleRig, startRig, tinyFirmware } from "../support/console/console-rig.ts";

const SEED = Number(process.env.SIM_SEED ?? 20260601);
const PULLS = 50;

const code = (version: string) => Buffer.from(tinyFirmware(version));

/** Uploads a tiny firmware of this version. */
async function install(of: ConsoleRig, version: string): Promise<void> {
  const device = await of.open();
  try {
    await installProgram(device, code(version));
  } finally {
    device.close();
  }
}

/** The greeting after power comes back; undefined when no program started. */
function bootsInto(of: ConsoleRig): string | undefined {
  of.machine.boot();
  const wrong = of.machine.printed.filter((line) => !/^backfill \S+ logging|no whole program/.test(line));
  expect(wrong, "nothing but a whole program ran").toEqual([]);
  return of.machine.printed.find((line) => / logging /.test(line))?.split(" ")[1];
}

describe("an upload", () => {
  it("stores a program that starts at power-on", async () => {
    const rig = await startRig();
    await install(rig, "1.0.0");
    expect(bootsInto(rig)).toBe("1.0.0");
    await install(rig, "2.0.0");
    expect(bootsInto(rig)).toBe("2.0.0");
    await install(rig, "3.0.0");
    expect(bootsInto(rig)).toBe("3.0.0");
  });

  it("reports its progress up to the last byte", async () => {
    const rig = await startRig();
    const device = await rig.open();
    const seen: number[] = [];
    await installProgram(device, code("1.0.0"), { onProgress: (bytes) => seen.push(bytes) });
    device.close();
    expect(Math.max(...seen)).toBe(code("1.0.0").length);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it("sends a program up to three times when the device is too busy to take it", async () => {
    const rig = await startRig({ refusePieces: 2 });
    await install(rig, "1.0.0");
    expect(bootsInto(rig)).toBe("1.0.0");
    const other = await startRig({ refusePieces: 3 });
    await expect(install(other, "1.0.0")).rejects.toThrow(/did not take a piece of backfill.0/);
  });

  it("never writes the program that runs, nor the loader once it is there", async () => {
    const rig = await startRig();
    await install(rig, "1.0.0");
    const touched = new Set<string>();
    rig.machine.storage.onWrite = (name) => touched.add(name);
    await install(rig, "2.0.0");
    expect([...touched].sort()).toEqual(["backfill.1", "backfill.1.ok"]);
    touched.clear();
    await install(rig, "3.0.0");
    expect([...touched].sort()).toEqual(["backfill.0", "backfill.0.ok"]);
  });

  it(`leaves the old program or the new one, whole, when the cable is unplugged at any of ${PULLS} moments`, async () => {
    const random = createPrng(SEED).next;
    const rig = await startRig();
    await install(rig, "1.0.0");
    rig.console.cutAfter(Number.POSITIVE_INFINITY);
    await install(rig, "2.0.0");
    const wholeBytes = rig.console.receivedBytes;
    let current = "2.0.0";
    const outcomes = { old: 0, new: 0 };
    for (let pull = 0; pull < PULLS; pull++) {
      // Every fifth pull is in the last exchanges, which switch to the new program.
      const from = pull % 5 === 0 ? wholeBytes - 1200 : 0;
      const at = from + Math.floor(random() * (wholeBytes - from));
      // If the cable powers the device, power goes with it; a device with a battery keeps running.
      const powered = pull % 2 === 0;
      rig.console.onCut = powered ? () => {} : () => rig.machine.powerOff();
      rig.console.cutAfter(at);
      const next = `3.0.${pull}`;
      const result = await install(rig, next).then(
        () => undefined,
        (error) => error,
      );
      const where = `SIM_SEED=${SEED} pull ${pull} at byte ${at}, ${powered ? "powered" : "unpowered"}`;
      if (result !== undefined) expect(result, where).toBeInstanceOf(FieldError);
      const version = bootsInto(rig);
      expect([current, next], where).toContain(version);
      if (result === undefined) expect(version, where).toBe(next);
      outcomes[version === next ? "new" : "old"]++;
      current = version as string;
      rig.console.cutAfter(Number.POSITIVE_INFINITY);
      // The next upload works, whatever this one left behind.
      if (pull % 10 === 9) {
        await install(rig, `4.0.${pull}`);
        expect(bootsInto(rig), where).toBe(`4.0.${pull}`);
        current = `4.0.${pull}`;
      }
    }
    expect(outcomes.old).toBeGreaterThan(PULLS / 3);
    expect(outcomes.new).toBeGreaterThan(0);
  });

  it("leaves no program or a whole one when power fails at any flash byte of the first upload", async () => {
    const random = createPrng(SEED + 1).next;
    let none = 0;
    for (let cut = 0; cut < PULLS; cut++) {
      const fresh = await startRig();
      const flashBytes = Math.floor(random() * (code("1.0.0").length + LOADER.length + 160));
      fresh.machine.storage.cutAfter(flashBytes);
      await install(fresh, "1.0.0").catch(() => {});
      fresh.machine.powerOff();
      fresh.machine.boot();
      const torn = fresh.machine.storage.read(".bootcde");
      const ran = fresh.machine.printed.filter((line) => line.startsWith("backfill 1.0.0"));
      if (torn === LOADER) expect(ran, `flash byte ${flashBytes}`).toHaveLength(1);
      else {
        none++;
        expect(ran).toEqual([]);
      }
      await fresh.close();
    }
    expect(none).toBeGreaterThan(0);
  });

  it("survives a torn write at any flash byte of a later upload", async () => {
    const random = createPrng(SEED + 2).next;
    const rig = await startRig();
    await install(rig, "1.0.0");
    let current = "1.0.0";
    for (let cut = 0; cut < PULLS; cut++) {
      const next = `2.0.${cut}`;
      // A seal has some 49 bytes: every third cut is in it or close to it.
      const program = code(next).length + 40;
      const flashBytes = cut % 3 === 0 ? program + Math.floor(random() * 90) : Math.floor(random() * (program + 90));
      rig.machine.storage.cutAfter(flashBytes);
      await install(rig, next).catch(() => {});
      const version = bootsInto(rig);
      expect([current, next], `SIM_SEED=${SEED} flash byte ${flashBytes}`).toContain(version);
      current = version as string;
    }
  });

  it("ignores a program whose bytes decayed, and runs the one before it", async () => {
    const rig = await startRig();
    await install(rig, "1.0.0");
    await install(rig, "2.0.0");
    const text = rig.machine.storage.read("backfill.1") as string;
    rig.machine.storage.erase("backfill.1");
    rig.machine.storage.write("backfill.1", text.replace("2.0.0", "2.0.1"));
    expect(bootsInto(rig)).toBe("1.0.0");
    const device = await rig.open();
    expect((await readPrograms(device)).map((program) => program.slot)).toEqual([0]);
    device.close();
  });

  it("compacts Storage when only that makes room, and says what a power cut would destroy", async () => {
    const bytes = code("1.0.0").length;
    const rig = await startRig({ storageBytes: 2 * bytes + 3200 });
    const said: string[] = [];
    for (const version of ["1.0.0", "2.0.0", "3.0.0"]) {
      const device = await rig.open();
      await installProgram(device, code(version), { onStep: (text) => said.push(text) });
      device.close();
      expect(bootsInto(rig)).toBe(version);
    }
    expect(said.join()).toContain("leave the cable in");
  });

  it("refuses when there is no room, and leaves the old program", async () => {
    const rig = await startRig({ storageBytes: code("1.0.0").length + 3000 });
    await install(rig, "1.0.0");
    await expect(install(rig, "2.0.0")).rejects.toThrow(/not enough room.*needs \d+ bytes/);
    expect(bootsInto(rig)).toBe("1.0.0");
  });
});
