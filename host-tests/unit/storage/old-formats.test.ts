/** Regions that earlier versions wrote, under the storage code of today. */
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { startSession } from "../../../firmware/start-session.ts";
import { PAGE_MAGIC } from "../../../firmware/storage/format/page.ts";
import { openStorage } from "../../../firmware/storage/whole-storage.ts";
import { PowerCut, SimulatedFlash } from "../../../scripts/simulator/flash.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { type HeldStream, IMAGE_NAMES, IMAGE_VERSIONS, readImage } from "../../support/old-formats/images.ts";
import { SEED } from "../../support/region.ts";
import { readAll } from "./mounted.ts";

const PAGE_BYTES = 4096;
const PAGES = 16;
/** Address of the partition that the images come from. */
const ADDRESS = 0x310000;
const MINUTE_MS = 60000;
const STREAMS = [
  { pin: 1, intervalMs: MINUTE_MS, decimals: 1 },
  { pin: 2, intervalMs: MINUTE_MS, decimals: 0 },
  { pin: 3, intervalMs: MINUTE_MS, decimals: 2 },
];

const CASES = IMAGE_VERSIONS.flatMap((version) => IMAGE_NAMES.map((name) => ({ version, name })));

function flashWith(content: Uint8Array): SimulatedFlash {
  const random = createPrng(SEED).next;
  return new SimulatedFlash({
    address: ADDRESS,
    pageBytes: PAGE_BYTES,
    pages: PAGES,
    content,
    random,
    unstableReads: 5,
  });
}

function mount(flash: SimulatedFlash) {
  const region = { flash, crc32: (bytes: Uint8Array) => crc32(bytes), address: ADDRESS, pageBytes: PAGE_BYTES };
  return openStorage({ ...region, pages: PAGES }, STREAMS);
}

/** The samples of an image as `readAll` gives them. */
function samplesOf(stream: HeldStream) {
  return stream.rawMs.map((rawMs, i) => ({
    session: stream.sessions[i],
    rawMs,
    value: stream.values[i] ?? Number.NaN,
  }));
}

/** Versions of the ring's pages that hold anything. */
function versionsOn(flash: SimulatedFlash): number[] {
  const heads = Array.from({ length: PAGES - 2 }, (_, i) => flash.bytes[(i + 2) * PAGE_BYTES + 3]);
  return heads.filter((version) => version !== 255);
}

describe.each(CASES)("a region of format $version, $name", ({ version, name }) => {
  test("reads every sample, total and position as the version that wrote it", () => {
    const { bytes, contents } = readImage(version, name);
    const { ledger, ring } = mount(flashWith(bytes));
    expect(ring.fill().keptPages).toBe(0);
    expect(ring.pins()).toEqual(contents.streams.map((stream) => stream.pin));
    for (const stream of contents.streams) {
      const { pin } = stream;
      expect(readAll(ring, pin, 0), `v${pin}`).toEqual(samplesOf(stream));
      expect(ring.totals(pin)).toEqual(stream.totals);
      expect([ring.decimals(pin, 0), ring.intervalMs(pin, 0)]).toEqual([stream.decimals, stream.intervalMs]);
      expect(ledger.cursor(pin)).toBe(stream.cursor);
      const waiting = samplesOf(stream).slice(-stream.totals.pending);
      expect(readAll(ring, pin, stream.cursor)).toEqual(waiting);
      expect(ring.head(pin)).toEqual({
        position: stream.cursor,
        session: waiting[0].session,
        rawMs: waiting[0].rawMs,
      });
    }
  });

  test("adds samples on pages of today's version, and none to an old page", () => {
    const { bytes, contents } = readImage(version, name);
    const flash = flashWith(bytes);
    const { data, ring } = mount(flash);
    const started = startSession(data);
    expect(started.rawMs).toBeGreaterThan(contents.lastRawMs);
    for (let i = 0; i < 50; i++) {
      for (const { pin } of STREAMS) expect(ring.append(pin, started.rawMs + i * MINUTE_MS, 100 + i)).toBe(true);
    }
    expect(versionsOn(flash).filter((one) => one === PAGE_MAGIC >> 24)).toHaveLength(STREAMS.length);
    const again = mount(flash).ring;
    for (const stream of contents.streams) {
      const isLogged = STREAMS.some(({ pin }) => pin === stream.pin);
      const added = Array.from({ length: isLogged ? 50 : 0 }, (_, i) => ({
        session: started.session,
        rawMs: started.rawMs + i * MINUTE_MS,
        value: 100 + i,
      }));
      // A full ring lets its oldest pages go; then what is left is the end.
      const all = [...samplesOf(stream), ...added];
      const held = readAll(again, stream.pin, 0);
      if (name !== "full-ring") expect(held).toEqual(all);
      else expect(held).toEqual(all.slice(all.length - held.length));
      expect(again.totals(stream.pin).sampled).toBe(stream.totals.sampled + added.length);
    }
  });

  test("frees the old pages once their samples are settled", () => {
    const { bytes } = readImage(version, name);
    const flash = flashWith(bytes);
    const { data, ledger, ring } = mount(flash);
    const started = startSession(data);
    for (const { pin } of STREAMS) ring.append(pin, started.rawMs, 1);
    for (const pin of ring.pins()) {
      const from = ledger.cursor(pin);
      const to = ring.end(pin, from, Number.POSITIVE_INFINITY);
      ledger.drop(pin, "refused", to, ring.count(pin, from, to));
    }
    expect(ring.fill().usedPages).toBe(STREAMS.length);
    // And all of the region is written anew.
    for (let i = 1; versionsOn(flash).includes(version); i++) {
      expect(i).toBeLessThan(40000);
      for (const { pin } of STREAMS) ring.append(pin, started.rawMs + i * MINUTE_MS, i % 7);
    }
  });
});

test("loses no sample of an old region when power goes at any of its first programs and erases", () => {
  const { bytes, contents } = readImage(1, "mid-week");
  const waiting = contents.streams.map((stream) => samplesOf(stream).slice(-stream.totals.pending));
  for (let operation = 1; operation <= 60; operation++) {
    const flash = flashWith(bytes);
    let cut = false;
    try {
      flash.cutAtOperation(operation);
      const { data, ring } = mount(flash);
      const started = startSession(data);
      for (let i = 0; i < 20; i++) {
        for (const { pin } of STREAMS) ring.append(pin, started.rawMs + i * MINUTE_MS, 100 + i);
      }
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
      cut = true;
    }
    flash.powerOn();
    const { ring } = mount(flash);
    expect(cut, `operation ${operation}`).toBe(true);
    contents.streams.forEach((stream, i) => {
      const held = readAll(ring, stream.pin, stream.cursor).slice(0, waiting[i].length);
      expect(held, `operation ${operation}, v${stream.pin}, SIM_SEED=${SEED}`).toEqual(waiting[i]);
    });
  }
});
