/** The days that `npm run build` states are those that the firmware lasts. */
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openStorage } from "../../firmware/storage/whole-storage.ts";
import { loadDevice } from "../../scripts/build/device-file.ts";
import { planDevice } from "../../scripts/build/plan.ts";
import { JUMPING_SAMPLES_PER_PAGE, offlineMs, SAMPLES_PER_PAGE } from "../../scripts/build/ring-life.ts";
import { SimulatedFlash } from "../../scripts/simulator/flash.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { DEVICE_FILE } from "../../scripts/simulator/scenarios/scenario.ts";
import { simulate } from "../../scripts/simulator/simulate.ts";

const SEED = Number(process.env.SIM_SEED ?? 1);
const DAY_MS = 86_400_000;
const PAGES = 16;
const PAGE_BYTES = 4096;
/** How far the plan may be off. */
const TOLERANCE = 0.03;

/** The samples that an outage of device.ts costs: without a delivery afterwards, or until the backlog is sent. */
async function overwrittenIn(days: number, isDrained: boolean): Promise<number> {
  const offline = days * DAY_MS;
  const report = await simulate(
    { file: DEVICE_FILE },
    { offline, seed: SEED, ...(isDrained ? {} : { until: offline }) },
  );
  expect(report.balanced).toBe(true);
  return report.streams.reduce((sum, stream) => sum + stream.dropped.overwritten, 0);
}

describe("the plan of device.ts as it comes", async () => {
  const plan = planDevice(await loadDevice({ deviceFile: DEVICE_FILE }));

  test("says to 3 % after how many days offline the first sample is overwritten", { timeout: 60_000 }, async () => {
    const days = plan.daysOffline as number;
    expect(await overwrittenIn(days * (1 - TOLERANCE), false)).toBe(0);
    expect(await overwrittenIn(days * (1 + TOLERANCE), false)).toBeGreaterThan(0);
  });

  test("says to 3 % what outage costs no sample, though the backlog takes days to drain", {
    timeout: 60_000,
  }, async () => {
    const days = plan.outageDays as number;
    expect(await overwrittenIn(days * (1 - TOLERANCE), true)).toBe(0);
    expect(await overwrittenIn(days * (1 + TOLERANCE), true)).toBeGreaterThan(0);
  });
});

/** Time until the storage in 64 kB lets the first sample go. Steps are up to `stepMax` either way, timers up to 10 ms late. */
function lastsMs(intervalsMs: number[], stepMax: number): number {
  const random = createPrng(SEED).next;
  const flash = new SimulatedFlash({ pages: PAGES, pageBytes: PAGE_BYTES });
  const region = { flash, crc32: (bytes: Uint8Array) => crc32(bytes), address: 0, pageBytes: PAGE_BYTES, pages: PAGES };
  const streams = intervalsMs.map((intervalMs, pin) => ({ pin, intervalMs, decimals: 1 }));
  const { ledger, ring } = openStorage(region, streams);
  ledger.boot(8, 1);
  ring.start(8);
  const slots = intervalsMs.map(() => 0);
  const values = intervalsMs.map(() => 0);
  for (;;) {
    const dueMs = slots.map((slot, pin) => slot * intervalsMs[pin]);
    const atMs = Math.min(...dueMs);
    const pin = dueMs.indexOf(atMs);
    values[pin] += Math.round((random() * 2 - 1) * stepMax);
    // The first sample is taken at once.
    const lateMs = slots[pin]++ === 0 ? 0 : Math.floor(random() * 11);
    expect(ring.append(pin, 1 + atMs + lateMs, values[pin])).toBe(true);
    if (ledger.pins().some((one) => ledger.counters(one).overwritten > 0)) return atMs;
  }
}

const LOADS: { name: string; intervalsMs: number[] }[] = [
  { name: "one datastream a minute", intervalsMs: [60_000] },
  { name: "two a minute", intervalsMs: [60_000, 60_000] },
  { name: "one each 30 s, one a minute, one each 5 min", intervalsMs: [30_000, 60_000, 300_000] },
  { name: "five each 10 s", intervalsMs: Array(5).fill(10_000) },
];

test.each(LOADS)("says to 3 % how long 64 kB last: $name", ({ intervalsMs }) => {
  const planned = offlineMs({ ...LIMITLESS, intervalsMs });
  expect(Math.abs(lastsMs(intervalsMs, 1) / planned - 1), `SIM_SEED=${SEED}`).toBeLessThanOrEqual(TOLERANCE);
});

test.each([20, 50, 150])("states a range that holds where values jump by up to %d steps", (stepMax) => {
  const intervalsMs = [60_000, 60_000, 60_000];
  const leastMs = offlineMs({ ...LIMITLESS, intervalsMs, samplesPerPage: JUMPING_SAMPLES_PER_PAGE });
  const lasted = lastsMs(intervalsMs, stepMax);
  expect(lasted).toBeGreaterThan(leastMs);
  expect(lasted).toBeLessThan(offlineMs({ ...LIMITLESS, intervalsMs }));
});

/** The ring of 64 kB; how long it lasts offline has nothing to do with the allowance. */
const LIMITLESS = { pages: PAGES - 2, samplesPerPage: SAMPLES_PER_PAGE, samplesPerWindow: 0, windowMs: DAY_MS };
