import fc from "fast-check";
import { expect, test } from "vitest";
import { createClock } from "../../../firmware/clock/clock.ts";
import type { Sensor } from "../../../firmware/device-types.ts";
import { createSampler } from "../../../firmware/sensors/sampler.ts";
import { openStorageWithBanks } from "../../../firmware/storage/whole-storage.ts";
import { createRegion } from "../../support/region.ts";
import { createVirtualTimers } from "../../support/virtual-timers.ts";

const INTERVAL_MS = 1000;
const SLOTS = 300;

/** What a sensor does at each reading: blocks for so long, then answers, fails, or hangs. */
const reading = fc.record({
  blockMs: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 9 }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 7000 }) },
  ),
  outcome: fc.constantFrom("value", "value", "value", "later", "NaN", "nothing"),
});

test("every slot since the start is a sample, a failed reading or a missed slot, whatever blocks and whatever fails", () => {
  const seed = Number(process.env.SIM_SEED ?? 1);
  fc.assert(
    fc.property(
      fc.array(reading, { minLength: 1, maxLength: 40 }),
      fc.array(reading, { maxLength: 40 }),
      (one, two) => {
        const timers = createVirtualTimers();
        const { region } = createRegion(12, 4096);
        const startMs = timers.nowMs();
        // The ring sees a slot that passed when a sample follows: the first and the last of all are well.
        const well = () => timers.nowMs() < startMs + 500 || timers.nowMs() > startMs + (SLOTS - 20) * INTERVAL_MS;
        const act = (script: typeof one): Sensor => {
          let step = 0;
          return (done) => {
            if (script.length === 0 || well()) return done(1);
            const { blockMs, outcome } = script[step++ % script.length];
            timers.block(blockMs);
            if (outcome === "value") done(step % 7);
            if (outcome === "NaN") done(Number.NaN);
            if (outcome === "later") timers.setTimeout(() => done(step % 7), 300);
          };
        };
        const streams = [one, two].map((script, i) => ({
          pin: i + 1,
          name: `s${i + 1}`,
          sensor: act(script),
          intervalMs: INTERVAL_MS,
          decimals: 0,
        }));
        const { ledger, ring } = openStorageWithBanks(region, streams, 1);
        ledger.boot(1, 1);
        ring.start(1);
        const clock = createClock(timers, 1, 1);
        const stop = createSampler(timers, clock, ring, streams, () => undefined).start();
        timers.advance(SLOTS * INTERVAL_MS);
        stop();
        expect(clock.session()).toBe(1);
        for (const { pin } of streams) {
          const { sampled, missed, failed } = ring.totals(pin);
          // A block may end just before the slot that follows it, or just behind.
          const slots = Math.floor((timers.nowMs() - startMs) / INTERVAL_MS) + 1;
          expect(Math.abs(sampled + missed + failed - slots)).toBeLessThanOrEqual(1);
        }
      },
    ),
    { seed, numRuns: 200 },
  );
});
