/**
 * The upload on the real ring, ledger, clock and time map: random outages, failures and power cuts, against a list of
 * what was sampled.
 */
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bootSession, createClock } from "../../../firmware/clock/clock.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import type { WholeRing } from "../../../firmware/storage/whole-storage.ts";
import { openStorageWithBanks, type WholeLedger } from "../../../firmware/storage/whole-storage.ts";
import type { Drain } from "../../../firmware/upload/drain.ts";
import { openEndpoint } from "../../../firmware/upload/endpoint.ts";
import { sampleSource } from "../../../firmware/upload/sample-source.ts";
import { createServerDate } from "../../../firmware/upload/server-date.ts";
import { createUpload, openUploadMemory } from "../../../firmware/upload/upload.ts";
import { SimulatedFlash } from "../../../scripts/simulator/flash.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { type Behaviour, createFakeServer, OK } from "../../support/fake-server.ts";
import { addFix, fixesOf } from "../../support/fixes.ts";
import { createTimeMap } from "../../support/time-map.ts";
import { DAY_MS, EPOCH_MS, MINUTE_MS, TOKEN } from "../../support/upload-rig.ts";
import { createVirtualTimers } from "../../support/virtual-timers.ts";

const PINS = [
  { pin: 1, intervalMs: MINUTE_MS, decimals: 1 },
  { pin: 7, intervalMs: 5 * MINUTE_MS, decimals: 3 },
];

interface Unit {
  ledger: WholeLedger;
  ring: WholeRing;
  clock: ReturnType<typeof createClock>;
  map: ReturnType<typeof createTimeMap>;
  drain: Drain;
}

function createDevice(seed: number, options: { overload: "thin" | "oldest-first"; pointsPerDayMax: number }) {
  const random = createPrng(seed);
  const timers = createVirtualTimers(0);
  const pages = 40;
  const flash = new SimulatedFlash({ pageBytes: 4096, pages, random: () => random.next() });
  const region: FlashRegion = { flash, crc32: (bytes) => crc32(bytes), address: 0, pageBytes: 4096, pages };
  const server = createFakeServer(timers);
  const taken: { [pin: number]: { trueMs: number; value: number; decimals: number }[] } = { 1: [], 7: [] };
  let busy = false;
  const device = { timers, random, flash, server, taken, unit: boot() };

  function boot(): Unit {
    const { data, ledger, ring } = openStorageWithBanks(region, PINS, 2);
    const session = bootSession(ledger.session());
    const rawMs = Math.max(ledger.lastRawMs(), ring.lastRawMs()) + 1;
    ledger.boot(session, rawMs);
    ring.start(session);
    const clock = createClock(timers, session, rawMs);
    const map = createTimeMap(ledger.data, clock, 300_000);
    const store = { readJson: () => undefined, writeJson() {} };
    const endpoint = openEndpoint(store, "https://blynk.example", TOKEN);
    const askServer = createServerDate(server, timers, clock, endpoint);
    const chip = { random: () => random.next() };
    const drain = createUpload(
      {
        storage: data,
        source: sampleSource(),
        map,
        clock,
        http: server,
        store,
        askServer,
        timers,
        chip,
        log: () => {},
      },
      endpoint,
      {
        limits: {
          pointsPerRequestMax: 10_000,
          pointsPerDayMax: options.pointsPerDayMax,
          requestsPerDayMax: 300,
          bodyBytesMax: 2_000_000,
          ageMaxMs: 28 * DAY_MS,
        },
        overload: options.overload,
        intervalsMs: PINS.map((stream) => stream.intervalMs),
      },
      openUploadMemory(0),
    );
    for (const { pin, intervalMs, decimals } of PINS) {
      let value = 200;
      const dueRawMs = { at: clock.rawMs() + intervalMs };
      const sample = (): void => {
        value += random.below(5) - 2;
        const odd = random.chance(0.01);
        const scaled = odd ? random.below(4_000_000) - 2_000_000 : value;
        if (ring.append(pin, clock.rawMs(), scaled)) {
          taken[pin].push({ trueMs: EPOCH_MS + timers.nowMs(), value: scaled, decimals });
        }
        dueRawMs.at += intervalMs;
        timers.setTimeout(sample, dueRawMs.at + random.below(9) - clock.rawMs());
      };
      timers.setTimeout(sample, intervalMs);
    }
    return { ledger, ring, clock, map, drain };
  }

  return {
    ...device,
    cut(offMs: number): void {
      for (const request of server.requests) request.aborted = true;
      timers.dropAll();
      busy = false;
      timers.advance(offMs);
      device.unit = boot();
    },
    get unit(): Unit {
      return device.unit;
    },
    /** A fix of ±30 ms, then whatever can be sent. */
    deliver(): void {
      const { clock, ledger } = device.unit;
      const last = fixesOf(ledger).slice(-1)[0];
      const rawMs = clock.rawMs();
      if (last?.session !== clock.session() || rawMs - last.rawMs > 3_600_000) {
        addFix(ledger, clock.session(), rawMs, EPOCH_MS + timers.nowMs() + random.below(60) - 30, 40);
      }
      if (busy) return;
      busy = true;
      device.unit.drain.run(() => {
        busy = false;
      });
    },
  };
}

/** Every body that a sender with an open fate must repeat: the next of its pin has to be the same. */
function checkReplays(
  requests: { body: string; ended: boolean; options: { path: string } }[],
  open: Set<number>,
): number {
  let replays = 0;
  const last: { [path: string]: { body: string; open: boolean } } = {};
  requests.forEach((request, i) => {
    if (!request.ended) return;
    const before = last[request.options.path];
    if (before?.open) {
      expect(request.body).toBe(before.body);
      replays++;
    }
    last[request.options.path] = { body: request.body, open: open.has(i) };
  });
  return replays;
}

/** Every sample is counted once, and every point that was accepted is a sample, in order, within the error of its time. */
function checkSamples(device: ReturnType<typeof createDevice>, pin: number, accepted: Set<number>): void {
  const { server } = device;
  const { ring, ledger } = device.unit;
  const totals = ring.totals(pin);
  const counters = ledger.counters(pin);
  const settled = Object.values(counters).reduce((a, b) => a + b, 0);
  expect(totals.sampled).toBe(device.taken[pin].length);
  expect(settled + totals.pending).toBe(totals.sampled);
  expect(counters.corrupt + counters.refused + counters.unrepresentable).toBe(0);
  // Every point is a sample, in order, within the error that a time may have.
  const points = new Map<number, string>();
  server.requests.forEach((request, i) => {
    if (!accepted.has(i) || !request.options.path.endsWith(`pin=v${pin}`)) return;
    for (const [, ts, value] of request.body.matchAll(/\[(\d+),([-\d.]+)\]/g)) points.set(Number(ts), value);
  });
  const sent = [...points].sort((a, b) => a[0] - b[0]);
  expect(sent.length).toBe(counters.delivered);
  let at = 0;
  for (const [ts, value] of sent) {
    const { taken } = device;
    while (at < taken[pin].length && taken[pin][at].trueMs < ts - 300_000) at++;
    let found = at;
    while (found < taken[pin].length && `${taken[pin][found].value / 10 ** taken[pin][found].decimals}` !== value)
      found++;
    expect(Math.abs((taken[pin][found]?.trueMs ?? 0) - ts)).toBeLessThanOrEqual(300_000);
    at = found + 1;
  }
}

describe("the upload on real storage", () => {
  it.each(["oldest-first", "thin"] as const)(
    "delivers what was sampled, at its time, and repeats what it doesn't know the fate of (%s)",
    (overload) => {
      const seed = Number(process.env.SIM_SEED ?? 7);
      let replays = 0;
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (n) => {
          const device = createDevice(n, { overload, pointsPerDayMax: overload === "thin" ? 900 : 4000 });
          const { random, server, timers } = device;
          const open = new Set<number>();
          const accepted = new Set<number>();
          server.behave = (i): Behaviour => {
            const fates: Behaviour[] = [
              OK,
              OK,
              { answer: 503 },
              { fail: "silence" },
              { fail: "reset", afterChars: 900 },
            ];
            // Asked at the start and at the end of a request: the same both times.
            return fates[Math.floor(createPrng(n + i).next() * fates.length)];
          };
          for (let step = 0; step < 35; step++) {
            timers.advance(random.below(6 * 3_600_000));
            device.deliver();
            timers.advance(random.below(2) ? random.below(400) : random.below(200_000));
            if (random.chance(0.3)) device.cut(random.below(20_000));
          }
          // Whatever is on its way comes to its end before the server turns good.
          timers.advance(1_800_000);
          server.requests.forEach((request, i) => {
            const fate = server.behave(i, request);
            const taken = request.ended && "answer" in fate && fate.answer === 200;
            if (taken) accepted.add(i);
            // A 200 that reached nobody, for the power had gone, leaves the fate open too.
            if (!taken || !request.answered) open.add(i);
          });

          const chaotic = server.requests.length;
          server.behave = () => OK;
          for (let day = 0; day < 12; day++) {
            timers.advance(DAY_MS / 4);
            device.deliver();
            timers.advance(600_000);
          }
          for (let i = chaotic; i < server.requests.length; i++) accepted.add(i);
          replays += checkReplays(server.requests, open);
          for (const { pin } of PINS) {
            checkSamples(device, pin, accepted);
          }
        }),
        { numRuns: 5, seed },
      );
      expect(replays).toBeGreaterThan(10);
    },
    60_000,
  );
});
