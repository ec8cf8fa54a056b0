import { expect, test } from "vitest";
import { createFlashJournal } from "../../../scripts/lab/engine/journal/flash-journal.ts";
import { PowerCut } from "../../../scripts/simulator/flash.ts";
import { createDeviceFlash, PAGE_BYTES, REGIONS, type Region } from "../../../scripts/simulator/partitions.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";

const REGION = { ...(REGIONS.find((one) => one.label === "flash") as Region), bytes: 4 * PAGE_BYTES };
const SEED = Number(process.env.SIM_SEED ?? 1);

/** Programs, erases, tears, decay, and reads that let half programmed cells settle, one a millisecond. */
function anyLife(operations: number) {
  const chance = createPrng(SEED, "flash");
  const flash = createDeviceFlash(REGION, chance.fork("flash").next, 3);
  const journal = createFlashJournal(flash, REGION);
  let nowMs = 0;
  flash.onChanged = (change) => journal.note(change, nowMs);
  const images: { atMs: number; bytes: Uint8Array; wear: Uint32Array; programmed: Uint32Array; erases: number }[] = [];
  for (; nowMs < operations; nowMs++) {
    const address = REGION.address + chance.below(REGION.bytes - 64);
    const page = REGION.address + PAGE_BYTES * chance.below(4);
    try {
      if (chance.chance(0.02)) flash.cutAtOperation(1);
      const data = flash.read(1 + chance.below(60), address).map((old) => old & chance.below(256));
      if (chance.chance(0.9)) flash.write(data, address);
      else if (chance.chance(0.8)) flash.erasePage(page);
      else if (chance.chance(0.5)) flash.flip(address, chance.below(8));
      else flash.blank(page);
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
      flash.powerOn();
    }
    const { wear, programmed, counts } = flash;
    const bytes = flash.bytesAt(REGION.address).slice();
    images.push({ atMs: nowMs, bytes, wear: wear.slice(), programmed: programmed.slice(), erases: counts.erases });
  }
  return { journal, images, chance };
}

test(`has the flash of any past moment byte for byte, seed ${SEED}`, () => {
  const { journal, images, chance } = anyLife(1500);
  for (let i = 0; i < 400; i++) {
    const { atMs, ...image } = images[chance.below(images.length)];
    const { bytes, wear, programmed, erases } = journal.imageAt(atMs + chance.between(0, 0.99));
    expect({ bytes: Buffer.compare(bytes, image.bytes), wear, programmed, erases }).toEqual({ ...image, bytes: 0 });
  }
});

test("begins blank", () => {
  const { journal } = anyLife(10);
  const { bytes, erases } = journal.imageAt(-1);
  expect([bytes.every((byte) => byte === 0xff), erases]).toEqual([true, 0]);
});
