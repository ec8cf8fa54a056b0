import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import Table from "cli-table3";
import type { StreamSettings } from "../../firmware/storage/ring/ring.ts";
import { openStorageWithBanks, type Storage } from "../../firmware/storage/storage.ts";
import { SimulatedFlash } from "../simulator/flash.ts";
import { createPrng } from "../simulator/prng.ts";
import { StorageFileModel } from "./storage-file-model.ts";

const PAGE_BYTES = 4096;
const BANK_PAGES = 1;
/** The default partition: 64 kB. */
const PAGES = 16;
const SAMPLES = 300000;
const INTERVAL_MS = 60000;
/** The sampler's timer is late or early by up to so much. */
const JITTER_MS = 5;

interface Machine extends Storage {
  flash: SimulatedFlash;
}

function mount(flash: SimulatedFlash, pages: number, pageBytes: number, streams: StreamSettings[]): Machine {
  const region = { flash, crc32: (bytes: Uint8Array) => crc32(bytes), address: 0, pageBytes, pages };
  return { flash, ...openStorageWithBanks(region, streams, BANK_PAGES) };
}

function create(pages: number, pageBytes: number, streams: StreamSettings[]): Machine {
  const machine = mount(new SimulatedFlash({ pages, pageBytes }), pages, pageBytes, streams);
  machine.ledger.boot(1, 0);
  machine.ring.start(1);
  return machine;
}

/** Room temperature in tenths of a degree: a day's swing, slow drift of the weather, the sensor's own noise. */
function roomTemperature(random: () => number): () => number {
  let minute = 0;
  let weather = 0;
  return () => {
    minute++;
    weather += (random() - 0.5) * 0.01 - weather * 0.00001;
    const noise = (random() + random() + random() - 1.5) * 0.06;
    return Math.round(10 * (21 + 1.5 * Math.sin((minute * 2 * Math.PI) / 1440) + weather + noise));
  };
}

/** Pages erased for the ring, less what is still blank in the pages being written, and all programs to the ledger: bytes spent. */
function bytesSpent(machine: Machine, pages: number): number {
  const { flash } = machine;
  let spent = 0;
  for (let page = 0; page < pages; page++) spent += flash.wear[page] * PAGE_BYTES;
  for (let page = 0; page < pages; page++) {
    const bytes = flash.bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
    if (bytes[0] === 255) continue;
    let used = PAGE_BYTES;
    while (used > 0 && bytes[used - 1] === 255) used--;
    spent -= PAGE_BYTES - used;
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

/** Logs `samples` of each source, one a minute each, and counts. */
function logAll(sources: { decimals: number; next: () => number }[], samples: number): Run {
  const random = createPrng(7).next;
  const streams = sources.map((source, pin) => ({ pin, intervalMs: INTERVAL_MS, decimals: source.decimals }));
  const machine = create(PAGES, PAGE_BYTES, streams);
  const storageFile = new StorageFileModel(PAGE_BYTES);
  const { flash, ring } = machine;
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
    bytesPerSample: bytesSpent(machine, PAGES) / appends,
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

/** Wear of the ring's pages after so many turns of it: most over least. */
function wearSpread(wraps: number): number {
  const pageBytes = 1024;
  const pages = 8;
  const { flash, ring } = create(pages, pageBytes, [{ pin: 0, intervalMs: INTERVAL_MS, decimals: 1 }]);
  const next = roomTemperature(createPrng(3).next);
  const wear = () => [...flash.wear].slice(2 * BANK_PAGES);
  for (let i = 1; Math.min(...(i % 500 ? [0] : wear())) < wraps; i++) ring.append(0, i * INTERVAL_MS, next());
  return Math.max(...wear()) / Math.min(...wear());
}

/** Flash reads of a mount, headers only, on a ring that is full. */
function mountReads(pages: number): number {
  const streams = [{ pin: 0, intervalMs: INTERVAL_MS, decimals: 1 }];
  const machine = create(pages, PAGE_BYTES, streams);
  const next = roomTemperature(createPrng(5).next);
  for (let i = 1; machine.flash.wear[pages - 1] === 0; i++) machine.ring.append(0, i * INTERVAL_MS, next());
  const before = machine.flash.counts.reads;
  mount(machine.flash, pages, PAGE_BYTES, streams);
  return machine.flash.counts.reads - before;
}

/** Flash operations to send and settle one batch of 1,000 points. */
function batchOperations(): { writes: number; reads: number } {
  const machine = create(PAGES, PAGE_BYTES, [{ pin: 0, intervalMs: INTERVAL_MS, decimals: 1 }]);
  const { flash, ledger, ring } = machine;
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

/** Columns of numbers of a CSV: one decimal below 100, none above, as a logger would be told. */
function columnsOf(path: string): { name: string; decimals: number; values: number[] }[] {
  const [head, ...rows] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  return head
    .split(",")
    .slice(1)
    .map((name, column) => {
      const readings = rows.map((row) => Number(row.split(",")[column + 1])).filter((value) => !Number.isNaN(value));
      const decimals = Math.max(...readings.map(Math.abs)) < 100 ? 1 : 0;
      return { name, decimals, values: readings.map((value) => Math.round(value * 10 ** decimals)) };
    })
    .filter((column) => column.values.length > 0);
}

const round = (value: number, digits = 3) => Number(value.toFixed(digits));

export async function benchStorage(options: { data?: string; json?: boolean }): Promise<void> {
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
  for (const column of options.data ? columnsOf(options.data) : []) {
    // The recording over and over: long enough for pages that have learnt their code book.
    let i = 0;
    const next = () => column.values[i++ % column.values.length];
    const run = logAll([{ decimals: column.decimals, next }], Math.max(50000, column.values.length * 4));
    bytesPerSample[column.name] = round(run.bytesPerSample);
    vsBytes[column.name] = round(run.storageFile.bytesPerSample);
  }
  const batch = batchOperations();
  const figures = {
    bytesPerSample,
    erasesPer100k: round(one.erasesPer100k, 2),
    wearSpread: round(wearSpread(100)),
    mountReads: { 16: mountReads(16), 64: mountReads(64), 384: mountReads(384) },
    writesPerAppend: round(one.writesPerAppend, 4),
    readsPerAppend: round(one.readsPerAppend, 3),
    writeAmplification: round(one.programmedPerSample),
    batch,
    vs: {
      storageFileCsv: {
        bytesPerSample: vsBytes,
        erasesPer100k: round(one.storageFile.erasesPer100k, 1),
        writesPerAppend: round(one.storageFile.writesPerAppend, 4),
      },
    },
  };
  const table = new Table({ head: ["", "ours", "StorageFile of CSV lines"], style: { head: [], border: [] } });
  for (const name of Object.keys(bytesPerSample)) {
    table.push([`flash bytes a sample, ${name}`, bytesPerSample[name], vsBytes[name]]);
  }
  const vs = figures.vs.storageFileCsv;
  table.push(
    ["erases for 100,000 samples", figures.erasesPer100k, vs.erasesPer100k],
    ["programs an append", figures.writesPerAppend, vs.writesPerAppend],
    ["reads an append", figures.readsPerAppend, "a search of Storage"],
    ["bytes programmed a sample", figures.writeAmplification, ""],
    ["wear, most over least, 100 turns", figures.wearSpread, ""],
    ["reads a mount, 16 / 64 / 384 pages", Object.values(figures.mountReads).join(" / "), ""],
    ["programs / reads a batch of 1,000", `${batch.writes} / ${batch.reads}`, ""],
  );
  console.log(table.toString());
  if (options.json) console.log(JSON.stringify(figures));
}
