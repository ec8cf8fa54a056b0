/** A region that was logged to and then damaged: what its reader may make of it. */
import { expect, test } from "vitest";
import { WORDS_AT } from "../../../firmware/storage/format/page.ts";
import { openStorageWithBanks } from "../../../firmware/storage/whole-storage.ts";
import { SimulatedFlash } from "../../../scripts/simulator/flash.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { createRegion, regionOf, SEED } from "../../support/region.ts";

export const PAGE_BYTES = 1024;
export const PAGES = 9;
const STREAMS = [
  { pin: 1, intervalMs: 60000, decimals: 1 },
  { pin: 9, intervalMs: 60000, decimals: 0 },
];

export function mount(flash: SimulatedFlash) {
  const region = regionOf(flash, PAGES, PAGE_BYTES);
  return openStorageWithBanks(region, STREAMS, 1);
}

/** A region with two datastreams in it, partly sent, one reboot in the middle; and what was logged, by pin and raw time. */
function life() {
  const { flash } = createRegion(PAGES, PAGE_BYTES);
  const random = createPrng(SEED).next;
  const logged = new Map<string, number>();
  const values = [200, 400];
  for (let boot = 1; boot <= 2; boot++) {
    const { ledger, ring } = mount(flash);
    const startMs = Math.max(ledger.lastRawMs(), ring.lastRawMs()) + 1;
    ledger.boot(boot, startMs);
    ring.start(boot);
    for (let i = 0; i < 1100; i++) {
      STREAMS.forEach(({ pin }, at) => {
        const rawMs = startMs + i * 60000 + Math.round((random() - 0.5) * 10) + 5;
        values[at] += Math.round((random() - 0.5) * (random() > 0.99 ? 300 : 4));
        expect(ring.append(pin, rawMs, values[at])).toBe(true);
        logged.set(`${pin} ${boot} ${rawMs}`, values[at]);
      });
    }
    for (const { pin } of STREAMS) {
      const from = ledger.cursor(pin);
      const to = ring.end(pin, from, 700);
      const points = ring.count(pin, from, to);
      const attempt = { pin, from, to, points, bodyBytes: 1, rawMs: startMs, fixId: 0, thinEvery: 1, thinPhase: 0 };
      ledger.recordAttempt({ ...attempt, afterTrueMs: 0 });
      const counts = { delivered: points, thinned: 0, undatable: 0, unrepresentable: 0, corrupt: 0 };
      ledger.settle(pin, startMs, { ...counts, lastTrueMs: 1 });
    }
  }
  return { image: flash.bytes.slice(), logged };
}

const { image, logged } = life();

export { image };

/** Mounts what is left, and holds: nothing wrong is read, everything is accounted for, logging goes on. Returns what was lost. */
export function examine(damaged: Uint8Array): { read: number; corrupt: number } {
  const flash = new SimulatedFlash({ address: 0x1000, pageBytes: PAGE_BYTES, pages: PAGES, content: damaged });
  const { ledger, ring } = mount(flash);
  const session = ledger.session() + 10;
  const startMs = Math.max(ledger.lastRawMs(), ring.lastRawMs()) + 1;
  ledger.boot(session, startMs);
  ring.start(session);
  const lost = { read: 0, corrupt: 0 };
  for (const { pin } of STREAMS) {
    let position = ledger.cursor(pin);
    let read = 0;
    let corrupt = 0;
    for (;;) {
      const run = ring.reader(pin, position, Number.POSITIVE_INFINITY);
      let last = -1;
      for (let n = run.next(); n > 0; n = run.next()) {
        for (let i = 0; i < n; i++) {
          const rawMs = run.rawMs[i];
          if (run.values[i] !== logged.get(`${pin} ${run.session} ${rawMs}`) || rawMs <= last) {
            throw new Error(`pin ${pin}: ${run.values[i]} at ${run.session}, ${rawMs} was never logged, or not then`);
          }
          last = rawMs;
        }
        read += n;
      }
      corrupt += run.corrupt;
      if (run.position === position) break;
      position = run.position;
    }
    expect(read + corrupt).toBe(ring.totals(pin).pending);
    lost.read += read;
    lost.corrupt += corrupt;
    for (let i = 0; i < 20; i++) expect(ring.append(pin, startMs + i * 60000, 5 + i)).toBe(true);
  }
  const again = mount(flash);
  for (const { pin } of STREAMS) {
    const values: number[] = [];
    let position = again.ledger.cursor(pin);
    for (;;) {
      const run = again.ring.reader(pin, position, Number.POSITIVE_INFINITY);
      for (let n = run.next(); n > 0; n = run.next()) values.push(...run.values);
      if (run.position === position) break;
      position = run.position;
    }
    expect(values.slice(-20)).toEqual(Array.from({ length: 20 }, (_, i) => 5 + i));
  }
  return lost;
}

/** What is read from the region when nothing is damaged. */
export const whole = examine(image);

/** Flips one bit anywhere, this many times. */
export function testSingleFlips(flips: number): void {
  test("never reads a wrong value after one bit has flipped, anywhere; mends it in a sealed page", () => {
    const random = createPrng(SEED + 9).next;
    let worst = 0;
    for (let n = 0; n < flips; n++) {
      const at = Math.floor(random() * image.length);
      const bit = Math.floor(random() * 8);
      const damaged = image.slice();
      damaged[at] ^= 1 << bit;
      const page = Math.floor(at / PAGE_BYTES);
      const isWord = page >= 2 && at % PAGE_BYTES >= WORDS_AT;
      const loss = whole.read - examine(damaged).read;
      if (isWord && image[page * PAGE_BYTES + 48] !== 255) expect(loss).toBe(0);
      else if (isWord) worst = Math.max(worst, loss);
    }
    // In an open page a torn word costs its sample and those up to the next absolute record, at most 256 bytes on.
    expect(worst).toBeLessThanOrEqual(257);
  });
}

/** Flips two bits of a sealed page, this many times. */
export function testDoubleFlips(flips: number): void {
  test("never reads a wrong value after several bits of a sealed page have flipped", () => {
    const random = createPrng(SEED + 10).next;
    const sealed = [...Array(PAGES).keys()].slice(2).filter((page) => image[page * PAGE_BYTES + 48] !== 255);
    expect(sealed.length).toBeGreaterThan(2);
    for (let n = 0; n < flips; n++) {
      const damaged = image.slice();
      // Two flips in one byte make another code word now and then: only the seal's CRC tells.
      const page = sealed[n % sealed.length];
      const at = page * PAGE_BYTES + WORDS_AT + Math.floor(random() * (PAGE_BYTES - WORDS_AT));
      for (let bits = 0; bits < 2; bits++) damaged[at] ^= 1 << Math.floor(random() * 8);
      examine(damaged);
    }
  });
}
