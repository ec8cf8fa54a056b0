/** Times that are lost, or wrong for a while: what was wrong is taken back, what is known is kept. */

import { all, allDelivered, deliveredSince, oneSession, timesWithin } from "./promises.ts";
import { DEVICE_FILE, room, type Scenario } from "./scenario.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LEDGER_LOST_MS = 60 * HOUR_MS;

export const WRONG_TIMES: Scenario[] = [
  {
    name: "nightly-off",
    about: "60 days of the default device.ts, off twelve hours a night, Wi-Fi only in the first hour of each day",
    device: { file: DEVICE_FILE },
    script: () => {
      const days = Array.from({ length: 60 }, (_, day) => day * DAY_MS);
      return {
        power: days.map((at) => ({ at: at + 12 * HOUR_MS, kind: "cut", off: "12h" })),
        wifi: days.map((at) => ({ kind: "gone", from: at + HOUR_MS, to: at + DAY_MS })),
        crystal: { driftPpm: 20 },
      };
    },
    // Eleven hours after a fix, on a crystal whose rate an hour of fixes does not tell.
    promise: all(allDelivered, timesWithin(1000)),
  },
  {
    name: "power-flaps",
    about: "ten days of the default device.ts with all well, but for the power: gone for 15 min every 72 min",
    device: { file: DEVICE_FILE },
    script: () => ({
      power: Array.from({ length: 200 }, (_, i) => ({
        at: (i * 72 + 57) * MINUTE_MS,
        kind: "cut" as const,
        off: "15m",
      })),
    }),
    promise: all(allDelivered, timesWithin(100)),
  },
  {
    name: "power-flaps-refused",
    about:
      "the same power, while the server answers 503 for ten days: more fixes are needed than the ledger has room for",
    device: room({ everyMs: 120_000, counting: true, region: "ota_0" }),
    script: () => ({
      power: Array.from({ length: 200 }, (_, i) => ({
        at: (i * 72 + 57) * MINUTE_MS,
        kind: "cut" as const,
        off: "15m",
      })),
      http: [{ kind: "status", status: 503, to: "10d" }],
      atLeast: "10d",
    }),
    promise: all(allDelivered, timesWithin(1000)),
  },
  {
    name: "liars-then-truth",
    about: "all time servers are a year ahead for ten minutes, then right for three days",
    device: { file: DEVICE_FILE },
    script: () => ({ ntp: [{ kind: "lies", offset: "365d", to: "10m" }], atLeast: "3d" }),
    promise: all(allDelivered, timesWithin(100)),
  },
  {
    name: "portal-date",
    about:
      "a login page in place of the time servers and the server, whose Date is five years ahead, then 6 h ahead, then 6 h behind",
    device: room({ counting: true }),
    script: () => {
      const stays = [
        { from: 0, to: 3 * HOUR_MS, dateOffset: "1826d" },
        { from: 12 * HOUR_MS, to: 14 * HOUR_MS, dateOffset: "6h" },
        { from: 24 * HOUR_MS, to: 26 * HOUR_MS, dateOffset: "-6h" },
      ];
      return {
        ntp: stays.map(({ from, to }) => ({ kind: "blocked", from, to })),
        http: stays.map((stay) => ({ kind: "html", ...stay })),
        // So that nothing is known when the unit meets the page.
        power: stays.slice(1).map(({ from }) => ({ at: from, kind: "cut", off: "1m" })),
        atLeast: "2d",
      };
    },
    promise: all(allDelivered, timesWithin(100)),
  },
  {
    name: "ledger-lost",
    about:
      "both ledger banks read blank after a power cut: nothing is sent again under other times, and what follows is delivered",
    device: room({ counting: true }),
    script: () => ({
      power: [
        { at: "12h", kind: "cut", off: "1m" },
        { at: LEDGER_LOST_MS, kind: "cut", off: "1m" },
      ],
      wifi: [{ kind: "gone", from: "2d", to: "3d" }],
      flash: [0, 1].map((page) => ({ at: LEDGER_LOST_MS + 10_000, kind: "blank" as const, page })),
      atLeast: "4d",
    }),
    promise: all(deliveredSince(LEDGER_LOST_MS + 70_000), timesWithin(100)),
  },
  {
    name: "smeared-leap",
    about: "two of three time servers smear a leap second over 24 h",
    device: room({ counting: true }),
    script: () => ({
      ntp: [0, 1].map((server) => ({ kind: "lies" as const, server, smear: "1s", from: "12h", to: "36h" })),
      atLeast: "2d",
    }),
    promise: all(allDelivered, timesWithin(1100)),
  },
  {
    name: "slow-chip",
    about: "interpreted code is 12.7 times as slow, and each read of the flash takes 39 ms",
    device: room({ counting: true }),
    script: () => ({ offline: "1d", cpu: { slowdown: 12.7, flashReadMs: 39 }, atLeast: "2d" }),
    promise: all(allDelivered, timesWithin(100), oneSession),
  },
];
