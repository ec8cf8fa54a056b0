/** Networks and servers that fail in every known way. */
import { createPrng } from "../prng.ts";
import type { HttpFault, WifiFault } from "../simulate.ts";
import { all, allDelivered, requestsWithin, timesWithin } from "./promises.ts";
import { room, type Scenario } from "./scenario.ts";

export const NETWORK: Scenario[] = [
  {
    name: "good-link",
    about: "five days offline, then a link on which nothing fails: few requests",
    device: room(),
    script: () => ({ offline: "5d" }),
    promise: all(allDelivered, requestsWithin(12)),
  },
  {
    name: "lossy-link",
    about: "five days offline, then every tenth request fails: reset on its way, or never answered",
    device: room(),
    script: () => ({
      offline: "5d",
      http: [
        { kind: "reset", share: 0.05 },
        { kind: "silent", share: 0.05 },
      ],
    }),
    // Some 10, and in one seed of fifteen up to 60: once failures have used up a day, what is left goes in twentieths of a day.
    promise: all(allDelivered, requestsWithin(65)),
  },
  {
    name: "flaky-wifi",
    about: "three days of Wi-Fi that comes and goes every few minutes",
    device: room(),
    script: (seed) => {
      const prng = createPrng(seed, "flaky-wifi");
      const wifi: WifiFault[] = [];
      for (let at = 0; at < 3 * 86_400_000; ) {
        const gone = at + prng.between(20_000, 900_000);
        at = gone + prng.between(5000, 1_800_000);
        wifi.push({ kind: prng.chance(0.2) ? "no-internet" : "gone", from: gone, to: at });
      }
      return { wifi };
    },
    promise: allDelivered,
  },
  {
    name: "captive-portal",
    about: "a day behind a login page that answers everything with HTML or a redirect",
    device: room(),
    script: () => ({
      ntp: [{ kind: "blocked", to: "1d" }],
      http: [
        { kind: "html", to: "12h" },
        { kind: "redirect", from: "12h", to: "1d" },
      ],
    }),
    promise: allDelivered,
  },
  {
    name: "lost-replies",
    about: "a day offline, then every third answer is lost after the server took the points",
    device: room(),
    script: () => ({
      offline: "1d",
      http: [
        { kind: "lost", share: 0.2 },
        { kind: "short", share: 0.1 },
        { kind: "silent", stored: true, share: 0.05 },
      ],
      atLeast: "2d",
    }),
    promise: all(allDelivered, timesWithin(50)),
  },
  {
    name: "server-errors",
    about: "a day of 5xx, 429 with Retry-After, 408, garbage, resets and silence",
    device: room(),
    script: () => ({
      offline: "6h",
      http: [
        { kind: "status", status: 503, from: "6h", to: "9h" },
        { kind: "status", status: 429, headers: { "Retry-After": "1800" }, from: "9h", to: "12h" },
        { kind: "status", status: 408, from: "12h", to: "13h" },
        { kind: "garbage", from: "13h", to: "15h" },
        { kind: "reset", from: "15h", to: "18h" },
        { kind: "silent", from: "18h", to: "20h" },
        { kind: "continue", from: "20h", to: "22h" },
        { kind: "late", delay: "3m", from: "22h", to: "24h" },
        { kind: "refused", from: "24h", to: "26h" },
        { kind: "empty", from: "26h", to: "28h" },
      ] satisfies HttpFault[],
      dns: [{ from: "28h", to: "30h" }],
    }),
    promise: all(allDelivered, timesWithin(50)),
  },
  {
    name: "bad-token-then-fixed",
    about: "the server does not know the token for a day",
    device: room(),
    script: () => ({ server: { tokenKnownFrom: "1d" }, atLeast: "26h" }),
    promise: allDelivered,
  },
  {
    name: "wrong-pin",
    about: "one datastream is missing from the template: the others are delivered",
    device: room(),
    script: () => ({ offline: "1d", until: "3d", server: { pins: ["v1", "v3"] } }),
    promise: ({ report }) =>
      report.streams
        .filter((stream) => stream.pin !== "v2" && stream.delivered < 1440)
        .map((stream) => `${stream.pin}: only ${stream.delivered} delivered`),
  },
  {
    name: "button-sync",
    about: "the radio is on only to sync; a press of the button sends what is pending",
    device: room({ more: { connectEveryMs: 30 * 86_400_000 } }),
    script: () => ({
      offline: "1h",
      press: [{ at: "12h" }, { at: "12h", hold: 100 }, { at: "24h" }],
      atLeast: "25h",
      until: "30h",
    }),
    promise: ({ report }) =>
      report.streams.filter((one) => one.pending > 6 * 60).map((one) => `${one.pin}: ${one.pending} pending`),
  },
];
