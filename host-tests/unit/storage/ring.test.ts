import fc from "fast-check";
import { expect, test } from "vitest";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import type { Ring } from "../../../firmware/storage/ring/ring.ts";
import { openStorageWithBanks } from "../../../firmware/storage/storage.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { createRegion, SEED } from "../../support/region.ts";

interface Sample {
  session: number;
  rawMs: number;
  value: number;
}

function readAll(ring: Ring, pin: number, from: number, to = Number.POSITIVE_INFINITY): Sample[] {
  const samples: Sample[] = [];
  let position = from;
  for (;;) {
    const run = ring.reader(pin, position, to);
    for (let n = run.next(); n > 0; n = run.next()) {
      expect(n).toBe(run.values.length);
      for (let i = 0; i < n; i++) samples.push({ session: run.session, rawMs: run.rawMs[i], value: run.values[i] });
    }
    if (run.position === position) return samples;
    position = run.position;
  }
}

const STREAM = { pin: 1, intervalMs: 60000, decimals: 1 };

function mount(region: FlashRegion, streams = [STREAM], boot = true) {
  const { ledger, ring } = openStorageWithBanks(region, streams, 1);
  const session = ledger.session() + (boot ? 1 : 0);
  const rawMs = Math.max(ledger.lastRawMs(), ring.lastRawMs()) + 1;
  if (boot) ledger.boot(session, rawMs);
  ring.start(session);
  return { ledger, ring, session, rawMs };
}

test("gives back what was logged, in order, over many pages", () => {
  const { region } = createRegion(12);
  const { ring } = mount(region);
  const random = createPrng(SEED).next;
  const logged: Sample[] = [];
  let value = 215;
  for (let i = 0; i < 4000; i++) {
    value += Math.round((random() - 0.5) * 3);
    const rawMs = 1000 + i * 60000 + Math.round((random() - 0.5) * 10);
    expect(ring.append(1, rawMs, value)).toBe(true);
    logged.push({ session: 1, rawMs, value });
  }
  expect(readAll(ring, 1, 0)).toEqual(logged);
  expect(ring.totals(1)).toEqual({ sampled: 4000, missed: 0, failed: 0, pending: 4000 });
});

test("goes on in the same page after a reboot and keeps every sample", () => {
  const { region } = createRegion(12);
  const logged: Sample[] = [];
  let used = 0;
  for (let boot = 1; boot <= 10; boot++) {
    const { ring, session, rawMs } = mount(region);
    for (let i = 0; i < 5; i++) {
      const sample = { session, rawMs: rawMs + i * 60000, value: 200 + i };
      expect(ring.append(1, sample.rawMs, sample.value)).toBe(true);
      logged.push(sample);
    }
    used = ring.fill().usedPages;
    expect(readAll(ring, 1, 0)).toEqual(logged);
  }
  expect(used).toBe(1);
  expect(readAll(mount(region, [STREAM], false).ring, 1, 0)).toEqual(logged);
});

test("overwrites the oldest page when full, and counts what went", () => {
  const { region } = createRegion(7);
  const { ring, ledger } = mount(region);
  for (let i = 0; i < 20000; i++) expect(ring.append(1, i * 60000, i % 7)).toBe(true);
  const totals = ring.totals(1);
  const dropped = ledger.counters(1).overwritten;
  expect(totals.sampled).toBe(20000);
  expect(totals.pending + dropped).toBe(20000);
  expect(totals.pending).toBeGreaterThan(2000);
  const left = readAll(ring, 1, ledger.cursor(1));
  expect(left.length).toBe(totals.pending);
  expect(left[left.length - 1].rawMs).toBe(19999 * 60000);
});

test("counts missed slots and failed readings, also over a reboot", () => {
  const { region } = createRegion(12);
  const first = mount(region);
  first.ring.append(1, 0, 10);
  first.ring.append(1, 3 * 60000, 11);
  first.ring.fail(1, 4 * 60000);
  first.ring.append(1, 5 * 60000, 11);
  first.ring.append(1, 105 * 60000, 11);
  expect(first.ring.totals(1)).toMatchObject({ sampled: 4, missed: 101, failed: 1 });
  expect(mount(region).ring.totals(1)).toMatchObject({ sampled: 4, missed: 101, failed: 1 });
});

test("settles a batch once and reads on from there", () => {
  const { region } = createRegion(12);
  const { ring, ledger } = mount(region);
  for (let i = 0; i < 3000; i++) ring.append(1, i * 60000, i);
  const to = ring.end(1, 0, 1000);
  expect(ring.count(1, 0, to)).toBe(1000);
  const attempt = { pin: 1, from: 0, to, points: 1000, bodyBytes: 9, rawMs: 1, fixId: 0, thinEvery: 1, thinPhase: 0 };
  ledger.recordAttempt({ ...attempt, afterTrueMs: 0 });
  ledger.settle(1, 2, { delivered: 1000, thinned: 0, undatable: 0, unrepresentable: 0, corrupt: 0, lastTrueMs: 5 });
  const again = mount(region);
  expect(again.ledger.cursor(1)).toBe(to);
  expect(again.ledger.counters(1).delivered).toBe(1000);
  expect(readAll(again.ring, 1, to)[0].value).toBe(1000);
  expect(again.ring.head(1)).toEqual({ position: to, session: 1, rawMs: 1000 * 60000 });
  expect(again.ring.totals(1).pending).toBe(2000);
});

test("keeps unrepresentable readings as such", () => {
  const { region } = createRegion(12);
  const { ring } = mount(region);
  ring.append(1, 0, 5);
  ring.append(1, 60000, Number.NaN);
  ring.append(1, 120000, 1e12);
  ring.append(1, 180000, 6);
  expect(readAll(ring, 1, 0).map((sample) => sample.value)).toEqual([5, Number.NaN, Number.NaN, 6]);
});

test("keeps a sample that comes before its slot where a page begins", () => {
  const { region } = createRegion(60);
  const { ring } = mount(region);
  const random = createPrng(SEED).next;
  const logged: Sample[] = [];
  let lateMs = 0;
  for (let i = 0; i < 3000; i++) {
    // Something blocks for a while, then no longer: the grid that had moved with it is too late by as much.
    if (random() < 0.3) lateMs = random() < 0.5 ? 0 : Math.round(random() * 25000);
    const rawMs = 30000 + i * 60000 + lateMs;
    expect(ring.append(1, rawMs, i % 50), `sample ${i}`).toBe(true);
    logged.push({ session: 1, rawMs, value: i % 50 });
  }
  expect(readAll(ring, 1, 0)).toEqual(logged);
  expect(ring.totals(1)).toEqual({ sampled: 3000, missed: 0, failed: 0, pending: 3000 });
});

test("counts every slot once, as a sample, a failed reading or a missed one, wherever a page ends", () => {
  fc.assert(
    fc.property(
      // Once too narrow for the step, so that absolute records come often.
      fc.array(fc.constantFrom("v", "v", "v", "j", "f", "n", "m"), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 900, max: 1500 }),
      (pattern, slots) => {
        const { region } = createRegion(12, 1024);
        const { ring } = mount(region);
        const count = { sampled: 0, missed: 0, failed: 0 };
        ring.append(1, 0, 0);
        count.sampled++;
        for (let i = 1; i < slots; i++) {
          const kind = i === slots - 1 ? "v" : pattern[i % pattern.length];
          if (kind === "m") count.missed++;
          else if (kind === "f") {
            ring.fail(1, i * 60_000);
            count.failed++;
          } else {
            ring.append(1, i * 60_000, kind === "n" ? Number.NaN : kind === "j" ? i * 100_000 : 200);
            count.sampled++;
          }
        }
        const { sampled, missed, failed } = ring.totals(1);
        expect({ sampled, missed, failed }).toEqual(count);
      },
    ),
    { numRuns: 150 },
  );
});

test("gives the same samples from wherever reading begins", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("v", "v", "v", "v", "v", "late", "jump", "none", "missed", "failed", "boot"), {
        minLength: 1,
        maxLength: 40,
      }),
      fc.integer({ min: 300, max: 1500 }),
      fc.nat(),
      (pattern, slots, start) => {
        const { region } = createRegion(12, 1024);
        let { ring, ledger } = mount(region);
        for (let i = 0; i < slots; i++) {
          const kind = pattern[i % pattern.length];
          const rawMs = i * 60_000 + (kind === "late" ? 30 : (i * 37) % 7);
          if (kind === "boot" && i % 3 === 0) ({ ring, ledger } = mount(region));
          if (kind === "failed") ring.fail(1, rawMs);
          else if (kind === "none") ring.append(1, rawMs, Number.NaN);
          else if (kind !== "missed") ring.append(1, rawMs, kind === "jump" ? i * 1000 : 200 + (i % 3));
        }
        const all = readAll(ring, 1, ledger.cursor(1));
        const head = ring.head(1);
        if (head === undefined) return;
        for (let n = start % 50; n < all.length; n += 50) {
          expect(readAll(ring, 1, n === 0 ? head.position : ring.end(1, head.position, n))).toEqual(all.slice(n));
        }
      },
    ),
    { numRuns: 60, seed: SEED },
  );
});
