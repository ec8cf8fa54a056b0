/** Links that lead nowhere, and answers that are not Blynk's. */
import type { Simulation } from "../simulate.ts";
import { all, allDelivered } from "./promises.ts";
import { room, type Scenario } from "./scenario.ts";

const HOUR_MS = 3_600_000;
const REGION = "https://fra1.blynk.cloud";
const OTHER_REGION = "https://ny3.blynk.cloud";
const TWO_NETWORKS = {
  accessPoints: [{ ssid: "second", password: "battery staple" }],
  settings: {
    networks: [
      { ssid: "simulated", password: "correct horse" },
      { ssid: "second", password: "battery staple" },
    ],
  },
};

/** Requests that met a fault of this kind. */
function atMost(most: number, fault: string): (simulation: Simulation) => string[] {
  return ({ exchanges }) => {
    const met = exchanges.filter((one) => one.fault === fault).length;
    return met <= most ? [] : [`${met} requests met "${fault}", ${most} allowed`];
  };
}

function shows(verdict: string): (simulation: Simulation) => string[] {
  return ({ report }) => (report.verdicts.includes(verdict) ? [] : [`the LED never showed "${verdict}"`]);
}

function neverShows(verdict: string): (simulation: Simulation) => string[] {
  return ({ report }) => (report.verdicts.includes(verdict) ? [`the LED showed "${verdict}"`] : []);
}

/** The last sync of the run was not long ago: what is pending is less than this old. */
function pendingWithin(ms: number): (simulation: Simulation) => string[] {
  return ({ report }) =>
    report.streams
      .filter((one) => one.pending > ms / 60_000)
      .map((one) => `${one.pin}: ${one.pending} pending at the end`);
}

const oneBoot = ({ boots }: Simulation): string[] => (boots === 1 ? [] : [`the unit restarted ${boots - 1} times`]);

const INTERCEPTED = "something else answers in Blynk's place";

export const LINKS: Scenario[] = [
  {
    name: "dead-link",
    about:
      "once a day the link goes dead: the unit stays associated, and nothing passes until it leaves and joins again",
    device: room({ dark: true }),
    script: () => ({
      wifi: [2, 26, 50].map((hours) => ({ kind: "dead", from: hours * HOUR_MS })),
      until: "72h",
      untilDrained: false,
    }),
    promise: pendingWithin(2 * HOUR_MS),
  },
  {
    name: "dead-link-button",
    about: "a press of the button leaves a dead link at once, while the next sync is a month away",
    device: room({ dark: true, more: { syncEveryMs: 30 * 24 * HOUR_MS } }),
    script: () => ({
      wifi: [{ kind: "dead", from: "1h" }],
      press: [{ at: "12h" }],
      until: "730m",
      untilDrained: false,
    }),
    promise: all(pendingWithin(12 * 60_000), shows("everything sent")),
  },
  {
    name: "two-networks",
    about: "two days on two networks, the first of which has no Internet",
    device: room({ dark: true }),
    script: () => ({
      ...TWO_NETWORKS,
      wifi: [{ kind: "no-internet", ssid: "simulated" }],
      until: "48h",
      untilDrained: false,
    }),
    promise: pendingWithin(2 * HOUR_MS),
  },
  {
    name: "two-networks-hourly",
    about: "the same two networks, and a radio that is on only for an hourly sync: the second one in the first sync",
    device: room({ dark: true, more: { connectEveryMs: HOUR_MS } }),
    script: () => ({
      ...TWO_NETWORKS,
      wifi: [{ kind: "no-internet", ssid: "simulated" }],
      until: "12h",
      untilDrained: false,
    }),
    promise: all(pendingWithin(2 * HOUR_MS), shows("everything sent")),
  },
  {
    name: "networks-take-turns",
    about: "two networks that have no Internet by turns, six hours each: the unit goes to and fro",
    device: room({ dark: true }),
    script: () => ({
      ...TWO_NETWORKS,
      wifi: [0, 1, 2, 3].flatMap((n) => [
        { kind: "no-internet", ssid: "simulated", from: n * 12 * HOUR_MS, to: (n * 12 + 6) * HOUR_MS },
        { kind: "no-internet", ssid: "second", from: (n * 12 + 6) * HOUR_MS, to: (n * 12 + 12) * HOUR_MS },
      ]),
      until: "48h",
      untilDrained: false,
    }),
    promise: pendingWithin(2 * HOUR_MS),
  },
  {
    name: "weak-signal",
    about: "a signal too weak for the handshake, for two hours: not a wrong password, as this one worked before",
    device: room({ dark: true }),
    script: () => ({
      wifi: [
        { kind: "gone", from: "1h", to: "65m" },
        { kind: "weak", from: "65m", to: "185m" },
      ],
      atLeast: "4h",
    }),
    promise: all(allDelivered, neverShows("wrong Wi-Fi password")),
  },
  {
    name: "wrong-region",
    about: "the account is in another region: 308 is followed, and the region is kept over a restart",
    device: room({ dark: true }),
    script: () => ({
      http: [{ kind: "moved", moveTo: REGION }],
      power: [{ at: "6h", kind: "cut" }],
      atLeast: "12h",
    }),
    // The first request; after the restart the unit begins with the region.
    promise: all(allDelivered, atMost(1, "moved")),
  },
  {
    name: "region-circle",
    about: "for a day two regions send the unit to and fro",
    device: room({ dark: true }),
    script: () => ({
      http: [
        { kind: "moved", moveTo: REGION, host: "blynk.cloud", to: "1d" },
        { kind: "moved", moveTo: OTHER_REGION, host: "fra1.blynk.cloud", to: "1d" },
        { kind: "moved", moveTo: REGION, host: "ny3.blynk.cloud", to: "1d" },
      ],
    }),
    promise: all(allDelivered, atMost(300, "moved"), shows(INTERCEPTED)),
  },
  {
    name: "region-closed",
    about:
      "the region that the unit was sent to is gone after a day: the server that it was provisioned with takes over",
    device: room({ dark: true }),
    script: () => ({
      http: [
        { kind: "moved", moveTo: REGION, host: "blynk.cloud", to: "1d" },
        { kind: "refused", host: "fra1.blynk.cloud", from: "1d" },
      ],
      until: "3d",
      untilDrained: false,
    }),
    promise: pendingWithin(2 * HOUR_MS),
  },
  {
    name: "tls-refused",
    about: "for a day the TLS handshake is refused: nothing is charged to the day's allowance",
    device: room({ dark: true }),
    script: () => ({ offline: "12h", http: [{ kind: "tls", to: "36h" }] }),
    promise: all(allDelivered, shows(INTERCEPTED), neverShows("daily limit reached, more to send")),
  },
  {
    name: "blank-proxy",
    about: "a slow proxy without settings answers 200 with no body for a day: nothing counts as delivered",
    device: room({ dark: true }),
    script: () => ({
      latency: { minMs: 300, maxMs: 600 },
      http: [{ kind: "blank", from: "3h", to: "27h" }],
    }),
    promise: all(allDelivered, shows(INTERCEPTED)),
  },
  {
    name: "proxy-4xx",
    about:
      "after half a day offline a proxy answers 400, 403 and 404 with pages of its own, an hour each: no point is given up",
    device: room({ dark: true }),
    script: () => ({
      offline: "12h",
      http: [400, 403, 404].map((status, i) => ({
        kind: "status",
        status,
        body: `<html><body>${status}</body></html>`,
        from: (12 + i) * HOUR_MS,
        to: (13 + i) * HOUR_MS,
      })),
    }),
    promise: all(allDelivered, shows(INTERCEPTED), neverShows("pin or points refused")),
  },
  {
    name: "endless-head",
    about: "for six hours something answers with a megabyte of headers: the unit logs on",
    device: room({ dark: true }),
    script: () => ({ http: [{ kind: "flood", from: "2h", to: "8h" }] }),
    promise: all(allDelivered, oneBoot, shows(INTERCEPTED)),
  },
];
