import { WORDS_AT } from "../../firmware/storage/format/page.ts";
import { type FlashOperation, PowerCut, type SimulatedFlash } from "../../scripts/simulator/flash.ts";
import { tornErases, tornPrograms } from "./tears.ts";
import { claim, copyModel, type Geometry, type Model, type StorageCode, Violation, World } from "./world.ts";

/** Cells that a cut left unstable answer at random for at most this many reads. */
const UNSTABLE_READS = 6;
/** A mount with everything read once takes at most this many reads a page. */
const READS_PER_PAGE_MAX = 600;
const HEADER_BYTES = 48;

export interface Tally {
  cuts: number;
  pairs: number;
  triples: number;
  seed: number;
}

export interface Cut {
  storage: StorageCode;
  geometry: Geometry;
  random: () => number;
  tally: Tally;
}

/** The chip as a cut leaves it: cells, wear, and which cells are unstable. */
export interface Wreck {
  bytes: Uint8Array;
  wear: Uint32Array;
  unstable: { address: number; mask: number }[];
}

/** Every way in which `operation`, about to happen on `flash`, can go wrong; some also with unstable cells. */
export function wrecksOf(cut: Cut, flash: SimulatedFlash, operation: FlashOperation, tearsMax: number): Wreck[] {
  const start = operation.address - World.address;
  const before = flash.bytes.slice(start, start + operation.bytes);
  const data = operation.data;
  let torn = data ? tornPrograms(before, data, cut.random) : tornErases(before, HEADER_BYTES, cut.random);
  if (torn.length > tearsMax) {
    torn = torn
      .map((image) => ({ image, key: cut.random() }))
      .sort((a, b) => a.key - b.key)
      .slice(0, tearsMax)
      .map((t) => t.image);
  }
  const wrecks: Wreck[] = torn.map((image) => ({ bytes: image, wear: flash.wear.slice(), unstable: [] }));
  const shaky = Math.max(1, Math.min(4, torn.length >> 2));
  for (let n = 0; n < shaky; n++) {
    const image = torn[Math.floor(cut.random() * torn.length)];
    const unstable: Wreck["unstable"] = [];
    for (let i = 0; i < image.length; i++) {
      const mask = data ? before[i] & ~data[i] : before[i] ^ 255;
      if (mask) unstable.push({ address: operation.address + i, mask });
    }
    wrecks.push({ bytes: image, wear: flash.wear.slice(), unstable });
  }
  for (const wreck of wrecks) {
    const bytes = flash.bytes.slice();
    bytes.set(wreck.bytes, start);
    wreck.bytes = bytes;
    if (!data) wreck.wear[start / cut.geometry.pageBytes]++;
  }
  return wrecks;
}

/** A world on the wreck, not yet switched on. */
export function salvage(cut: Cut, wreck: Wreck, model: Model): World {
  const flash = World.flash(cut.geometry, cut.random, wreck.bytes, UNSTABLE_READS);
  flash.wear.set(wreck.wear);
  for (const cell of wreck.unstable) flash.unsettle(cell.address, cell.mask);
  return new World(cut.storage, cut.geometry, flash, copyModel(model));
}

/**
 * The protocol's point 6: it mounts twice alike, within bounds; everything is there; one more page can be logged and
 * survives.
 */
export function survive(cut: Cut, wreck: Wreck, model: Model): void {
  const world = salvage(cut, wreck, model);
  const { flash, geometry } = world;
  world.mount();
  const first = world.check();
  // Stable cells would answer the same again: only unstable ones need a second mount.
  if (wreck.unstable.length > 0) {
    world.mount();
    claim(world.check() === first, () => "the second mount saw something else than the first");
  }
  claim(flash.counts.writes === 0 && flash.counts.erases === 0, () => "mounting wrote to flash");
  const pages = 2 * geometry.bankPages + geometry.ringPages;
  claim(flash.counts.reads < 2 * READS_PER_PAGE_MAX * pages, () => `mounting took ${flash.counts.reads} reads`);
  adopt(world);
  world.boot();
  const pin = geometry.pins[Math.floor(cut.random() * geometry.pins.length)];
  logPage(world, pin);
  world.mount();
  world.check();
}

/** From here on the model has what the cut left of the call in flight. */
export function adopt(world: World): void {
  const { model, ledger, ring } = world;
  const flying = model.inFlight;
  for (const [pin, p] of model.pins) {
    p.counters = ledger.counters(pin);
    if (flying?.pin === pin && flying.sample && ring.totals(pin).sampled > p.samples.length)
      p.samples.push(flying.sample);
  }
  model.inFlight = undefined;
}

/** Appends until one more page is full, whatever was in the open page. */
export function logPage(world: World, pin: number): void {
  const { geometry } = world;
  const start = world.rawMs;
  const samples = geometry.pageBytes - WORDS_AT;
  for (let i = 1; i <= samples; i++) world.append(pin, start + i * geometry.intervalMs, 200 + (i % 3));
}

/**
 * Runs `act` on `world`. At each of its programs and erases, `atCut` is called with every wreck that a cut there could leave,
 * and with the model at that moment.
 */
export function forEveryCut(
  cut: Cut,
  world: World,
  tearsMax: number,
  act: () => void,
  atCut: (wreck: Wreck, model: Model) => void,
): void {
  let operations = 0;
  world.flash.onOperation = (operation) => {
    operations++;
    let tear = 0;
    for (const wreck of wrecksOf(cut, world.flash, operation, tearsMax)) {
      tear++;
      try {
        atCut(wreck, world.model);
      } catch (error) {
        if (error instanceof PowerCut) throw error;
        const where = `${operation.kind} ${operations} at 0x${operation.address.toString(16)}, tear ${tear}`;
        const what = error instanceof Violation ? error.message : String((error as Error).stack);
        throw new Violation(`SIM_SEED=${cut.tally.seed}: ${where}: ${what}`);
      }
    }
  };
  act();
  world.flash.onOperation = undefined;
}
