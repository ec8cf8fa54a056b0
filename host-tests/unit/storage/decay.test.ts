import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { mendOneBit } from "../../../firmware/storage/format/mend.ts";
import { HEADER_BYTES, SEAL_AT, WORDS_AT } from "../../../firmware/storage/format/page.ts";
import { positionOf } from "../../../firmware/storage/format/position.ts";
import { readsPerPageTaken } from "../../../scripts/bench/flash-reads.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { createRegion, SEED } from "../../support/region.ts";
import { mount, readAll } from "./mounted.ts";

const TWO = [1, 2].map((pin) => ({ pin, intervalMs: 60000, decimals: 0 }));
const PAGE_BYTES = 1024;
/** Of the first ring page, behind two banks of a page. */
const RING_AT = 2 * PAGE_BYTES;

describe("one bit", () => {
  it.each([24, HEADER_BYTES])("is mended in %i bytes, wherever it is, and two are never taken for one", (length) => {
    const random = createPrng(SEED).next;
    const whole = new Uint8Array(length).map(() => Math.floor(random() * 256));
    new DataView(whole.buffer).setUint32(length - 4, crc32(whole.subarray(0, length - 4)), true);
    const flipped = (...bits: number[]): Uint8Array => {
      const bytes = whole.slice();
      for (const bit of bits) bytes[bit >> 3] ^= 1 << (bit & 7);
      return bytes;
    };
    let taken = 0;
    for (let bit = 0; bit < 8 * length; bit++) {
      const bytes = flipped(bit);
      expect(mendOneBit(crc32, bytes)).toBe(bit >> 3);
      expect(bytes).toEqual(whole);
      for (let other = 0; other < bit; other++) if (mendOneBit(crc32, flipped(bit, other)) >= 0) taken++;
    }
    expect(taken).toBe(0);
  });
});

describe("a page whose header decays while it is written", () => {
  /** Turns bits of the header of ring page `page` over: as many as given. */
  function decayHeader(bytes: Uint8Array, page: number, bits: number): void {
    for (let i = 0; i < bits; i++) bytes[RING_AT + page * PAGE_BYTES + 8 + 3 * i] ^= 1 << (i % 8);
  }

  it.each([1, 12])("never becomes another datastream's (%i bits)", (bits) => {
    const { flash, region } = createRegion(9, PAGE_BYTES);
    const { ring, ledger } = mount(region, TWO);
    const logged = new Map<string, number>();
    let at = 0;
    const log = (samples: number) => {
      for (let i = 0; i < samples; i++) {
        at += 60000;
        for (const { pin } of TWO) {
          expect(ring.append(pin, at, 1000 * pin + ((at / 60000) % 7))).toBe(true);
          logged.set(`${pin} ${at}`, 1000 * pin + ((at / 60000) % 7));
        }
      }
    };
    log(100);
    decayHeader(flash.bytes, 0, bits);
    // Reading is what finds it.
    for (const { pin } of TWO) readAll(ring, pin, ledger.cursor(pin));
    log(3000);
    const again = mount(region, TWO);
    for (const { pin } of TWO) {
      const totals = again.ring.totals(pin);
      expect(totals.sampled).toBe(3100);
      const read = readAll(again.ring, pin, again.ledger.cursor(pin));
      for (const { rawMs, value } of read) expect(value).toBe(logged.get(`${pin} ${rawMs}`));
      expect(read.length).toBe(totals.pending);
      expect(totals.pending + again.ledger.counters(pin).overwritten).toBe(3100);
    }
  });

  it("is closed, and the samples after it are kept elsewhere", () => {
    const { flash, region } = createRegion(9, PAGE_BYTES);
    const { ring, ledger } = mount(region, TWO);
    for (let i = 1; i <= 50; i++) ring.append(1, i * 60000, i);
    decayHeader(flash.bytes, 0, 12);
    expect(readAll(ring, 1, 0)).toEqual([]);
    for (let i = 51; i <= 80; i++) ring.append(1, i * 60000, i);
    expect(ring.totals(1)).toMatchObject({ sampled: 80, pending: 80 });
    expect(readAll(ring, 1, 0).map((sample) => sample.value)).toEqual(Array.from({ length: 30 }, (_, i) => 51 + i));
    const run = ring.reader(1, 0, Infinity);
    while (run.next() > 0);
    expect(run.corrupt).toBe(50);
    expect(ledger.settled(1)).toBe(0);
  });

  it("loses nothing to one bit, neither what it holds nor its number", () => {
    const { flash, region } = createRegion(9, PAGE_BYTES);
    const { ring } = mount(region, TWO);
    for (let i = 1; i <= 50; i++) ring.append(1, i * 60000, i);
    for (let byte = 0; byte < HEADER_BYTES; byte++) {
      flash.flip(0x1000 + RING_AT + byte, byte % 8);
      const found = mount(region, TWO, false);
      expect(found.ring.totals(1)).toMatchObject({ sampled: 50, pending: 50 });
      expect(readAll(found.ring, 1, 0).length).toBe(50);
      flash.flip(0x1000 + RING_AT + byte, byte % 8);
    }
  });

  it("leaves the counts and the order right when it was the newest, and settled in part", () => {
    const { flash, region } = createRegion(9, PAGE_BYTES);
    const { ring, ledger } = mount(region, TWO);
    // Into the second page.
    for (let i = 1; ring.fill().usedPages < 2 || i % 100 !== 0; i++) ring.append(1, i * 60000, i % 5);
    const cursor = positionOf(2, 10);
    const settled = ring.count(1, 0, cursor);
    ledger.drop(1, "expired", cursor, settled);
    decayHeader(flash.bytes, 1, 12);
    const again = mount(region, TWO);
    expect(again.ring.totals(1)).toMatchObject({ sampled: settled, pending: 0 });
    for (let i = 1; i <= 20; i++) again.ring.append(1, again.rawMs + i * 60000, 900 + i);
    expect(again.ring.totals(1)).toMatchObject({ sampled: settled + 20, pending: 20 });
    expect(readAll(again.ring, 1, again.ledger.cursor(1)).map((sample) => sample.value)).toEqual(
      Array.from({ length: 20 }, (_, i) => 901 + i),
    );
  });
});

describe("a ledger that counts fewer samples than lie behind its cursor", () => {
  it.each([
    { who: "a datastream that is logged", streams: TWO, corrupt: 0, pending: 30 },
    { who: "a pin that was taken out", streams: [TWO[1]], corrupt: 30, pending: 0 },
  ])("lets the head of $who be asked for, and ends", ({ streams, corrupt, pending }) => {
    const { flash, region } = createRegion(9, PAGE_BYTES);
    const first = mount(region, TWO);
    for (let i = 1; i <= 50; i++) first.ring.append(1, i * 60000, i);
    // 30 of them are counted nowhere.
    first.ledger.drop(1, "expired", positionOf(1, 50), 20);
    const { ring, ledger } = mount(region, streams);
    const before = flash.counts.reads;
    const read = flash.read.bind(flash);
    flash.read = (bytes, address) => {
      if (flash.counts.reads - before > 1000) throw new Error("it reads on and on");
      return read(bytes, address);
    };
    expect(ring.head(1)).toBeUndefined();
    expect(flash.counts.reads - before).toBeLessThan(300);
    expect(ledger.counters(1).corrupt).toBe(corrupt);
    expect(ring.totals(1)).toMatchObject({ sampled: 50, pending });
  });
});

describe("the scrub", () => {
  /** Two full pages and the beginning of a third, all of them waiting. */
  function waiting() {
    const { flash, region } = createRegion(9, PAGE_BYTES);
    const { ring, ledger } = mount(region, TWO);
    let samples = 0;
    while (ring.fill().usedPages < 3) ring.append(1, ++samples * 60000, samples % 5);
    return { flash, region, ring, ledger, samples };
  }

  /** Reads of the heartbeats of two days, by heartbeat. */
  function scrubRound(flash: { counts: { reads: number } }, scrub: () => void): { most: number; all: number } {
    const found = { most: 0, all: 0 };
    for (let i = 0; i < 18000; i++) {
      const before = flash.counts.reads;
      scrub();
      found.most = Math.max(found.most, flash.counts.reads - before);
      found.all += flash.counts.reads - before;
    }
    return found;
  }

  it("checks each page that waits once in two days, a page at a heartbeat", () => {
    const { flash, ring } = waiting();
    const { most, all } = scrubRound(flash, ring.scrub);
    expect(most).toBeLessThan(10);
    expect(all).toBeLessThan(30);
    expect(ring.fill()).toMatchObject({ mendedPages: 0, decayedPages: 0 });
  });

  it("tells of a page with one wrong bit, all of which is read, and of one with more", () => {
    const { flash, ring, samples } = waiting();
    flash.flip(0x1000 + RING_AT + WORDS_AT + 200, 3);
    flash.flip(0x1000 + RING_AT + PAGE_BYTES + WORDS_AT + 300, 3);
    flash.flip(0x1000 + RING_AT + PAGE_BYTES + WORDS_AT + 400, 3);
    const { most } = scrubRound(flash, ring.scrub);
    // Mending one bit takes eight checks at most, giving up forty.
    expect(most).toBeLessThan(300);
    expect(ring.fill()).toMatchObject({ mendedPages: 1, decayedPages: 1 });
    const second = ring.count(1, positionOf(2, 0), positionOf(3, 0));
    expect(readAll(ring, 1, 0).length).toBe(samples - second);
    const run = ring.reader(1, 0, Infinity);
    while (run.next() > 0);
    expect(run.corrupt).toBe(second);
  });

  it("finds a decayed header of the page that is written", () => {
    const { flash, ring, samples } = waiting();
    flash.bytes.fill(0, RING_AT + 2 * PAGE_BYTES, RING_AT + 2 * PAGE_BYTES + SEAL_AT);
    scrubRound(flash, ring.scrub);
    ring.append(1, (samples + 1) * 60000, 3);
    expect(ring.totals(1).sampled).toBe(samples + 1);
    expect(readAll(ring, 1, 0).at(-1)?.value).toBe(3);
    // The one that was in it is lost, and no other.
    expect(readAll(ring, 1, 0).length).toBe(samples);
  });
});

it("takes a page with as many reads in a large region as in a small one", () => {
  expect(readsPerPageTaken(16)).toBeLessThanOrEqual(75);
  expect(readsPerPageTaken(96)).toBe(readsPerPageTaken(16));
});
