/** Flash bytes, programs, erases and reads of the firmware's storage, counted on the simulated flash. */
import { SimulatedFlash } from "../simulator/flash.ts";
import { createPrng } from "../simulator/prng.ts";
import { DEVICE_FILE } from "../simulator/scenarios/scenario.ts";
import { simulate } from "../simulator/simulate.ts";
import { readsPerPageTaken, readsPerSample } from "./flash-reads.ts";
import { type Column, roomTemperature } from "./readings.ts";
import { StorageFileModel } from "./storage-file-model.ts";
import { BANK_PAGES, createStorageRig, INTERVAL_MS, mountStorage, PAGE_BYTES, type StorageRig } from "./storage-rig.ts";

/** The default partition: 64 kB. */
const PAGES = 16;
const SAMPLES = 300000;
/** The sampler's timer is early or late by up to this. */
const JITTER_MS = 5;

/** Bytes of a page up to the last that is not blank. */
function usedBytes(flash: SimulatedFlash, page: number): number {
  let used = PAGE_BYTES;
  while (used > 0 && flash.bytes[page * PAGE_BYTES + used - 1] === 255) used--;
  return used;
}

/** Flash bytes spent: all erased pages, less what is still blank in the pages that are being written. */
function bytesSpent(rig: StorageRig, pages: number): number {
  const { flash } = rig;
  let spent = 0;
  for (let page = 0; page < pages; page++) spent += flash.wear[page] * PAGE_BYTES;
  for (let page = 0; page < pages; page++) {
    if (flash.bytes[page * PAGE_BYTES] === 255) continue;
    spent -= PAGE_BYTES - usedBytes(flash, page);
  }
  return spent;
}

interface Run {
  bytesPerSample: number;
  writesPerAppend: number;
  readsPerAppend: number;
  programmedPerSample: number;
  erasesPer100k: number;
  storageFile: { bytesPerSample: number; writesPerAppend: number; erasesPer100k: number };
}

/** Logs `samples` of each source, one a minute, and counts. */
function logAll(sources: { decimals: number; next: () => number }[], samples: number): Run {
  const random = createPrng(7).next;
  const streams = sources.map((source, pin) => ({ pin, intervalMs: INTERVAL_MS, decimals: source.decimals }));
  const rig = createStorageRig(PAGES, streams);
  const storageFile = new StorageFileModel(PAGE_BYTES);
  const { flash, ring } = rig;
  for (let i = 1; i <= samples; i++) {
    sources.forEach((source, pin) => {
      const rawMs = i * INTERVAL_MS + Math.round((random() * 2 - 1) * JITTER_MS);
      const value = source.next();
      if (!ring.append(pin, rawMs, value)) throw new Error("append failed");
      const text = (value / 10 ** source.decimals).toString();
      storageFile.append(`${sources.length > 1 ? `${pin},` : ""}${1423072260000 + rawMs},${text}\n`);
    });
  }
  const appends = samples * sources.length;
  const lines = storageFile.counts;
  return {
    bytesPerSample: bytesSpent(rig, PAGES) / appends,
    writesPerAppend: flash.counts.writes / appends,
    readsPerAppend: flash.counts.reads / appends,
    programmedPerSample: flash.counts.bytesWritten / appends,
    erasesPer100k: (flash.counts.erases * 100000) / appends,
    storageFile: {
      bytesPerSample: (lines.erases * PAGE_BYTES) / appends,
      writesPerAppend: lines.programs / appends,
      erasesPer100k: (lines.erases * 100000) / appends,
    },
  };
}

/** Wear of the ring's pages when each was erased this often: the most over the least. */
function wearSpread(wraps: number): number {
  const pageBytes = 1024;
  const pages = 8;
  const { flash, ring } = createStorageRig(pages, [{ pin: 0, intervalMs: INTERVAL_MS, decimals: 1 }], pageBytes);
  const next = roomTemperature(createPrng(3).next);
  const wear = () => [...flash.wear].slice(2 * BANK_PAGES);
  for (let i = 1; Math.min(...(i % 500 ? [0] : wear())) < wraps; i++) ring.append(0, i * INTERVAL_MS, next());
  return Math.max(...wear()) / Math.min(...wear());
}

/** Flash reads of a mount on a full ring. A mount reads headers only. */
function mountReads(pages: number): number {
  const streams = [{ pin: 0, intervalMs: INTERVAL_MS, decimals: 1 }];
  const rig = createStorageRig(pages, streams);
  const next = roomTemperature(createPrng(5).next);
  for (let i = 1; rig.flash.wear[pages - 1] === 0; i++) rig.ring.append(0, i * INTERVAL_MS, next());
  const before = rig.flash.counts.reads;
  mountStorage(rig.flash, pages, streams);
  return rig.flash.counts.reads - before;
}

/** Flash operations that send and settle one batch of 1,000 points. */
function batchOperations(): { writes: number; reads: number } {
  const rig = createStorageRig(PAGES, [{ pin: 0, intervalMs: INTERVAL_MS, decimals: 1 }]);
  const { flash, ledger, ring } = rig;
  const next = roomTemperature(createPrng(5).next);
  for (let i = 1; i <= 20000; i++) ring.append(0, i * INTERVAL_MS, next());
  const before = { ...flash.counts };
  const from = ledger.cursor(0);
  const to = ring.end(0, from, 1000);
  const plain = { rawMs: 1, fixId: 0, thinEvery: 1, thinPhase: 0, afterTrueMs: 0 };
  ledger.recordAttempt({ pin: 0, from, to, points: 1000, bodyBytes: 21000, ...plain });
  const run = ring.reader(0, from, to);
  while (run.next() > 0);
  ledger.settle(0, 2, { delivered: 1000, thinned: 0, undatable: 0, unrepresentable: 0, corrupt: 0, lastTrueMs: 1 });
  return { writes: flash.counts.writes - before.writes, reads: flash.counts.reads - before.reads };
}

/**
 * Bytes of a page that a power-on costs a datastream beside its samples: a month of one sample a minute with twenty power-ons a
 * day against one with one a day. The ledger's BOOT comes once for all datastreams and takes no room from samples.
 */
export function bootBytes(): number {
  const boots = 30;
  return (monthOfBytes(20) - monthOfBytes(1)) / (boots * 19);
}

/** Bytes in the ring that a month takes with so many power-ons a day. */
function monthOfBytes(bootsADay: number): number {
  const pages = 384;
  const stream = { pin: 0, intervalMs: INTERVAL_MS, decimals: 1 };
  const random = createPrng(1).next;
  const flash = new SimulatedFlash({ pages, pageBytes: PAGE_BYTES });
  for (let boot = 1; boot <= 30 * bootsADay; boot++) {
    const { ledger, ring } = mountStorage(flash, pages, [stream]);
    const startMs = Math.max(ledger.lastRawMs(), ring.lastRawMs()) + 10;
    ledger.boot(8 * boot, startMs);
    ring.start(8 * boot);
    for (let i = 0; i < 1440 / bootsADay; i++) {
      const rawMs = startMs + i * INTERVAL_MS + Math.round((random() - 0.5) * 2 * JITTER_MS);
      if (!ring.append(0, rawMs, 215 + Math.round((random() - 0.5) * 2))) throw new Error("append failed");
    }
  }
  let bytes = 0;
  for (let page = 2 * BANK_PAGES; page < pages && flash.wear[page] > 0; page++) bytes += usedBytes(flash, page);
  return bytes;
}

/** The device file as it comes, on the simulated ESP32: ten days without Wi-Fi, then until all is sent. */
async function defaultDeviceBytesPerSample(): Promise<number> {
  return (await simulate({ file: DEVICE_FILE }, { offline: "10d", seed: 1 })).flash.bytesPerSample;
}

const round = (value: number, digits = 3) => Number(value.toFixed(digits));

/** All figures, with one entry of `bytesPerSample` for each recorded column. */
export async function measureStorage(recorded: Column[]) {
  const one = logAll([{ decimals: 1, next: roomTemperature(createPrng(1).next) }], SAMPLES);
  const four = logAll(
    [1, 2, 3, 4].map((seed) => ({ decimals: 1, next: roomTemperature(createPrng(seed).next) })),
    SAMPLES / 2,
  );
  const bytesPerSample: { [name: string]: number } = {
    one: round(one.bytesPerSample),
    four: round(four.bytesPerSample),
  };
  const vsBytes: { [name: string]: number } = {
    one: round(one.storageFile.bytesPerSample),
    four: round(four.storageFile.bytesPerSample),
  };
  for (const column of recorded) {
    // Repeated, so that it is long enough for pages that have learnt their code book.
    let i = 0;
    const next = () => column.values[i++ % column.values.length];
    const run = logAll([{ decimals: column.decimals, next }], Math.max(50000, column.values.length * 4));
    bytesPerSample[column.name] = round(run.bytesPerSample);
    vsBytes[column.name] = round(run.storageFile.bytesPerSample);
  }
  const batch = batchOperations();
  return {
    bytesPerSample,
    erasesPer100k: round(one.erasesPer100k, 2),
    wearSpread: round(wearSpread(100)),
    mountReads: { 16: mountReads(16), 64: mountReads(64), 384: mountReads(384) },
    writesPerAppend: round(one.writesPerAppend, 4),
    readsPerAppend: round(one.readsPerAppend, 3),
    readsPerSample: round(await readsPerSample(), 3),
    readsPerPageTaken: { 16: readsPerPageTaken(16), 384: readsPerPageTaken(384) },
    writeAmplification: round(one.programmedPerSample),
    batch,
    bootBytes: round(bootBytes(), 1),
    defaultDeviceBytesPerSample: await defaultDeviceBytesPerSample(),
    vs: {
      storageFileCsv: {
        bytesPerSample: vsBytes,
        erasesPer100k: round(one.storageFile.erasesPer100k, 1),
        writesPerAppend: round(one.storageFile.writesPerAppend, 4),
      },
    },
  };
}
