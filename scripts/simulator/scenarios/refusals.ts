/** Servers that refuse: a size, a datastream, a batch, a day's requests. What was refused for a while is sent once it may be. */
import type { Simulation } from "../simulate.ts";
import { all, allDelivered, dropped } from "./promises.ts";
import { DEVICE_FILE, room, type Scenario } from "./scenario.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** An error as Blynk writes it. */
const blynkError = (message: string) => JSON.stringify({ error: { message } });

/** Power that goes every 72 min, for 15 min. */
const FLAPS = Array.from({ length: 200 }, (_, i) => ({
  at: (i * 72 + 57) * 60_000,
  kind: "cut" as const,
  off: "15m",
}));

/** A sample an hour of three datastreams is 72 a day; 100 may be sent. */
const SMALL_PLAN = room({
  everyMs: HOUR_MS,
  more: { server: { url: "https://blynk.cloud", pointsPerDayMax: 100 } },
});

export const REFUSALS: Scenario[] = [
  {
    name: "limit-for-an-hour",
    about:
      "the default device.ts; for an hour after three hours offline every batch is too large (413), then all is well for 30 days",
    device: { file: DEVICE_FILE },
    script: () => ({
      offline: "3h",
      http: [{ kind: "status", status: 413, body: blynkError("Too much data in batch."), from: "3h", to: "4h" }],
      atLeast: "30d",
      until: "30d",
    }),
    promise: caughtUp(90),
  },
  {
    name: "pins-refused",
    about: "400 with an unlisted message on four of six datastreams for five days: the other two deliver everything",
    device: {
      ...room({ region: "ota_0" }),
      streams: [1, 2, 3, 4, 5, 6].map((n) => ({ pin: `v${n}`, name: `sensor ${n}`, intervalMs: 60_000, decimals: 1 })),
    },
    script: () => ({
      http: ["v1", "v2", "v4", "v5"].map((pin) => ({
        kind: "status" as const,
        status: 400,
        body: blynkError("Requested pin doesn't exist."),
        pin,
      })),
      until: "5d",
      untilDrained: false,
    }),
    promise: caughtUp(90, ["v3", "v6"]),
  },
  {
    name: "refused-replay",
    about:
      "a batch whose answer was lost is refused from then on for one bad point, and power goes every 72 min for ten days",
    device: { file: DEVICE_FILE },
    script: () => ({
      offline: "20m",
      http: [
        { kind: "lost", pin: "v1", times: 1 },
        // The sample of the second minute.
        { kind: "status", status: 422, body: blynkError("Value is out of range."), bodyHas: "[17672257", pin: "v1" },
      ],
      power: FLAPS,
      until: "10d",
      untilDrained: false,
    }),
    promise: caughtUp(200),
  },
  {
    name: "small-plan",
    about: "100 points a day allowed, 72 sampled; after five days offline the backlog goes at nearly 28 a day",
    device: SMALL_PLAN,
    script: () => ({ offline: "5d", until: "16d", server: { pointsPerDay: 100 } }),
    promise: allDelivered,
  },
  {
    name: "plan-2026",
    about:
      'a server with the limits of 2026, 50 days offline in ota_0, plan "2026" in the device file: nothing expires',
    device: room({ region: "ota_0", more: { server: { url: "https://blynk.cloud", plan: "2026" } } }),
    script: () => ({ offline: "50d", until: "56d", server: { pointsPerDay: 100_000, ageMax: "84d" } }),
    promise: allDelivered,
  },
  {
    name: "errors-after-offline",
    about:
      "three days of the default device.ts offline, then 503 for 3 h: what is left of the day's allowance goes right after",
    device: { file: DEVICE_FILE },
    script: () => ({
      offline: "3d",
      http: [{ kind: "status", status: 503, from: "3d", to: 75 * HOUR_MS }],
      atLeast: "6d",
    }),
    promise: all(allDelivered, sentWithin(3 * DAY_MS + 3 * HOUR_MS, 1.5 * HOUR_MS)),
  },
  {
    name: "proxy-size-limit",
    about: "a day offline, then a proxy that answers 502 to every body over 4,000 bytes",
    device: { file: DEVICE_FILE },
    script: () => ({
      offline: "1d",
      http: [{ kind: "status", status: 502, bodyOver: 4000, from: "1d" }],
      atLeast: "9d",
      until: "9d",
      untilDrained: false,
    }),
    promise: caughtUp(90),
  },
  {
    name: "hurried-syncs",
    about: "ten datastreams and a sync every minute: the requests of the day last all day",
    device: {
      ...room({ region: "ota_0", more: { syncEveryMs: 60_000 } }),
      streams: Array.from({ length: 10 }, (_, n) => ({
        pin: `v${n}`,
        name: `sensor ${n}`,
        intervalMs: 300_000,
        decimals: 1,
      })),
    },
    script: () => ({ until: "3d", untilDrained: false }),
    promise: all(noPinWaits(0, 1.5 * HOUR_MS), caughtUp(24)),
  },
];

/** Of each datastream at most so many samples wait, and none were lost but those that a server refused for good. */
function caughtUp(pendingMax: number, pins?: string[]): (simulation: Simulation) => string[] {
  return (simulation) => {
    const broken: string[] = [];
    for (const stream of simulation.report.streams) {
      if (pins !== undefined && !pins.includes(stream.pin)) continue;
      if (stream.pending > pendingMax) broken.push(`${stream.pin}: ${stream.pending} pending, ${pendingMax} allowed`);
    }
    if (simulation.report.streams.length === 0) broken.push("nothing sampled");
    for (const reason of ["overwritten", "expired"] as const) {
      const count = dropped(simulation, reason);
      if (count > 0) broken.push(`${count} ${reason}`);
    }
    return broken;
  };
}

/** Within `mostMs` of a moment the server accepts a request of each datastream. */
function sentWithin(fromMs: number, mostMs: number): (simulation: Simulation) => string[] {
  return ({ report, exchanges }) =>
    report.streams
      .filter(({ pin }) => {
        return !exchanges.some(
          (one) => one.pin === pin && one.stored && one.atMs > fromMs && one.atMs < fromMs + mostMs,
        );
      })
      .map(({ pin }) => `${pin}: nothing accepted in the ${mostMs / HOUR_MS} h after all was well`);
}

/** From `fromMs` on, no datastream goes without an accepted request for longer than `mostMs`. */
function noPinWaits(fromMs: number, mostMs: number): (simulation: Simulation) => string[] {
  return ({ report, exchanges }) => {
    const broken: string[] = [];
    for (const { pin } of report.streams) {
      let before = fromMs;
      let longest = 0;
      for (const one of exchanges) {
        if (one.pin !== pin || !one.stored || one.atMs < fromMs) continue;
        longest = Math.max(longest, one.atMs - before);
        before = one.atMs;
      }
      longest = Math.max(longest, report.simulatedMs - before);
      if (longest > mostMs) broken.push(`${pin} waited ${(longest / HOUR_MS).toFixed(1)} h`);
    }
    return broken;
  };
}
