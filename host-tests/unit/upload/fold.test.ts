import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Segment, TimeMap } from "../../../firmware/clock/time-map.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import type { TextLine } from "../../../firmware/storage/ring/text-fold.ts";
import type { WholeStorage } from "../../../firmware/storage/whole-storage.ts";
import { openStorageWithBanks } from "../../../firmware/storage/whole-storage.ts";
import { openBatch, type Run } from "../../../firmware/upload/batch.ts";
import { type SampleSource, sampleSource } from "../../../firmware/upload/sample-source.ts";
import { SimulatedFlash } from "../../../scripts/simulator/flash.ts";

const PIN = 1;
const EPOCH_MS = 1_790_000_000_000;

interface Device {
  decimals: number;
  intervalMs: number;
  /** What happens at each slot: a sample this late and so many steps on, or none. */
  slots: { lateMs: number; step: number; fate: "sample" | "missed" | "failed" | "unrepresentable" | "reboot" }[];
}

const slot = fc.record({
  lateMs: fc.oneof({ weight: 30, arbitrary: fc.integer({ min: -5, max: 5 }) }, fc.integer({ min: -40, max: 40 })),
  step: fc.oneof({ weight: 30, arbitrary: fc.integer({ min: -2, max: 2 }) }, fc.integer({ min: -9e5, max: 9e5 })),
  fate: fc.oneof(
    { weight: 300, arbitrary: fc.constant("sample" as const) },
    fc.constantFrom("missed" as const, "failed" as const, "unrepresentable" as const, "reboot" as const),
  ),
});

const device: fc.Arbitrary<Device> = fc.record({
  decimals: fc.integer({ min: 0, max: 4 }),
  intervalMs: fc.constantFrom(100, 113, 1000, 60_000),
  slots: fc.array(slot, { minLength: 1, maxLength: 600, size: "max" }),
});

/** A ring that really logged what befell the device. */
function logged({ decimals, intervalMs, slots }: Device): WholeStorage {
  const flash = new SimulatedFlash({ pageBytes: 1024, pages: 12 });
  const region: FlashRegion = { flash, crc32: (bytes) => crc32(bytes), address: 0, pageBytes: 1024, pages: 12 };
  const storage = openStorageWithBanks(region, [{ pin: PIN, intervalMs, decimals }], 1);
  const { ledger, ring } = storage;
  let session = 1;
  let value = 200;
  ledger.boot(session, 0);
  ring.start(session);
  slots.forEach(({ lateMs, step, fate }, index) => {
    const rawMs = 1000 + index * intervalMs + lateMs;
    if (fate === "reboot") ring.start(++session);
    if (fate === "failed") ring.fail(PIN, rawMs);
    else if (fate !== "missed") {
      value += step;
      ring.append(PIN, rawMs, fate === "unrepresentable" ? Number.NaN : value);
    }
  });
  return storage;
}

/** What reads arrays of samples only. */
function unfolded(source: SampleSource): SampleSource {
  return {
    ...source,
    reader: (storage, pin, from, to) => {
      const reader = source.reader(storage, pin, from, to);
      const next = reader.next;
      reader.next = () => next();
      return reader;
    },
  };
}

/** A time map in stretches, each with its own rate. */
function mapOf(stretchMs: number, ppm: number): SampleSource {
  return {
    ...sampleSource(),
    date: (_map, _session, rawMs) => {
      const number = Math.floor(rawMs / stretchMs);
      const rate = 1 + (number % 2 === 0 ? ppm : -ppm) / 1e6;
      const fromRawMs = number * stretchMs;
      const segment: Segment = {
        fromRawMs,
        toRawMs: fromRawMs + stretchMs,
        trueMs: EPOCH_MS + fromRawMs,
        rate,
        boundMs: 40,
        boundRate: 0,
        bend: 0,
        reachMs: 0,
      };
      return { state: "dated", segment };
    },
  };
}

function walk({ data }: WholeStorage, source: SampleSource, run: Run, measured?: boolean) {
  const map = undefined as unknown as TimeMap;
  const batch = openBatch({ storage: data, source, map }, run, measured);
  let body = "";
  while (batch.step()) body += batch.text;
  return { ...batch, step: 0, text: "", body };
}

describe("a batch made from words as they lie on flash", () => {
  it("is byte for byte the one made sample by sample, wherever it begins and ends", () => {
    fc.assert(
      fc.property(
        device,
        fc.integer({ min: 0, max: 600 }),
        fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 600 })),
        fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: EPOCH_MS, max: EPOCH_MS + 40_000_000 })),
        fc.constantFrom(1, 1, 1, 3),
        fc.constantFrom(7_000, 100_000, 1e9),
        (life, skip, pointsMax, untilTrueMs, thinEvery, stretchMs) => {
          const storage = logged(life);
          const { ring } = storage;
          const head = ring.head(PIN);
          const from = head === undefined || skip === 0 ? 0 : ring.end(PIN, head.position, skip);
          const run: Run = {
            pin: PIN,
            from,
            to: Number.POSITIVE_INFINITY,
            fixId: 1,
            thinEvery,
            thinPhase: 0,
            afterTrueMs: 0,
            pointsMax,
            untilTrueMs,
            wrongFromMs: 0,
            wrongToMs: 0,
          };
          const source = mapOf(stretchMs, 40);
          const folded = walk(storage, source, run);
          expect(folded).toEqual(walk(storage, unfolded(source), run));
          // What is measured is what is written.
          expect({ ...walk(storage, source, run, true), body: "" }).toEqual({ ...folded, body: "" });
          // What was planned is what is sent.
          const again = {
            ...run,
            to: folded.to,
            pointsMax: Number.POSITIVE_INFINITY,
            untilTrueMs: Number.POSITIVE_INFINITY,
          };
          const sent = walk(storage, source, again);
          expect(sent.body).toBe(folded.body);
          expect(sent.bodyBytes).toBe(folded.bodyBytes);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("folds nearly every piece of an even datastream", () => {
    const slots = Array.from({ length: 2000 }, (_, i) => ({
      lateMs: ((i * 37) % 11) - 5,
      step: (i % 3) - 1,
      fate: "sample" as const,
    }));
    const { ring } = logged({ decimals: 1, intervalMs: 60_000, slots });
    const reader = ring.reader(PIN, 0, Number.POSITIVE_INFINITY);
    let folded = 0;
    const line: TextLine = {
      ...{ stretch: { fromRawMs: 0, toRawMs: Infinity, rate: 1 }, session: 1, zeroMs: EPOCH_MS, divisor: 10 },
      ...{ untilTrueMs: Infinity, pointsMax: Infinity, afterTrueMs: 0, measured: false, text: "", chars: 0 },
      ...{ firstTrueMs: 0, lastTrueMs: 0 },
    };
    for (let count = reader.next(line); count > 0; count = reader.next(line)) {
      if (reader.folded) folded += count;
    }
    expect(folded).toBeGreaterThan(1900);
  });
});
