/**
 * Limits, pins, links and servers that fail at any time for some days, then heal. Within a day of that the unit has to send what
 * its allowance lets through.
 */
import { createPrng, type Prng } from "../prng.ts";
import type { HttpFault, PowerFault, Script, Simulation, WifiFault } from "../simulate.ts";
import { room, type Scenario } from "./scenario.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Of what the allowance lets through, this much is delivered within a day of healing. */
const SHARE_MIN = 0.9;
const POINTS_PER_DAY = 10_000;
const PINS = ["v1", "v2", "v3"];
const HOME = "blynk.cloud";
/** Of somebody else's answers. */
const STATUSES = [400, 403, 404, 413, 422];
const REGION_HOSTS = ["fra1.blynk.cloud", "ny3.blynk.cloud"];
const REGIONS = REGION_HOSTS.map((host) => `https://${host}`);

interface Trouble {
  http?: HttpFault[];
  wifi?: WifiFault[];
  power?: PowerFault[];
}

const blynkError = (message: string) => JSON.stringify({ error: { message } });
const refusing = (fault: Partial<HttpFault>, message: string): HttpFault => ({
  kind: "status",
  status: 400,
  body: blynkError(message),
  ...fault,
});

/** One kind of trouble each, from one time to another. A new kind goes in here. */
const KINDS: ((prng: Prng, from: number, to: number) => Trouble)[] = [
  // Limits.
  (_prng, from, to) => ({ http: [refusing({ from, to, status: 413 }, "Request is too large.")] }),
  (prng, from, to) => ({
    http: [refusing({ from, to, bodyOver: Math.round(prng.between(200, 20_000)) }, "Too much data in batch.")],
  }),
  (prng, from, to) => ({
    http: [{ kind: "status", status: 502, from, to, bodyOver: Math.round(prng.between(1000, 10_000)) }],
  }),
  (_prng, from, to) => ({
    http: [{ kind: "status", status: 429, headers: { "Retry-After": "3600" }, from, to }],
  }),
  // Pins.
  (prng, from, to) => ({ http: [refusing({ from, to, pin: onePin(prng) }, "Requested pin doesn't exist.")] }),
  (prng, from, to) => ({ http: [refusing({ from, to, pin: onePin(prng) }, "Wrong pin format.")] }),
  (_prng, from, to) => ({ http: PINS.map((pin) => refusing({ from, to, pin }, "Value is not accepted.")) }),
  // Links and servers.
  (_prng, from, to) => ({ wifi: [{ kind: "gone", from, to }] }),
  (_prng, from, to) => ({ wifi: [{ kind: "no-internet", from, to }] }),
  (_prng, from, to) => ({ http: [{ kind: "status", status: 503, from, to }] }),
  (prng, from, to) => ({ http: [{ kind: "silent", from, to, stored: prng.chance(0.5) }] }),
  (_prng, from, to) => ({ http: [{ kind: "lost", from, to }] }),
  (prng, from, to) => ({ http: [{ kind: "reset", from, to, afterBytes: prng.below(4000) }] }),
  (prng, from, to) => ({ http: [{ kind: "lost", from, to, share: prng.between(0.2, 0.9) }] }),
  // A link that goes dead again and again: each stays so until the unit leaves it.
  (prng, from, to) => {
    const wifi: WifiFault[] = [];
    for (let at = from; at < to; at += prng.between(2, 24) * HOUR_MS) wifi.push({ kind: "dead", from: at, to });
    return { wifi };
  },
  // Somebody else answers.
  (_prng, from, to) => ({ http: [{ kind: "html", from, to }] }),
  (_prng, from, to) => ({ http: [{ kind: "redirect", from, to }] }),
  (_prng, from, to) => ({ http: [{ kind: "blank", from, to }] }),
  // A proxy that answers some requests only, and the server the others.
  (prng, from, to) => ({ http: [{ kind: "blank", from, to, share: prng.between(0.2, 0.9) }] }),
  (prng, from, to) => ({
    http: [{ kind: "status", status: STATUSES[prng.below(STATUSES.length)], body: "<html></html>", from, to }],
  }),
  (_prng, from, to) => ({ http: [{ kind: "tls", from, to }] }),
  // The wrong region, regions that send the unit to and fro, and one that closes when the unit is there.
  (_prng, from, to) => ({ http: [{ kind: "moved", moveTo: REGIONS[0], host: HOME, from, to }] }),
  (_prng, from, to) => ({
    http: [
      { kind: "moved", moveTo: REGIONS[0], host: HOME, from, to },
      { kind: "moved", moveTo: REGIONS[1], host: REGION_HOSTS[0], from, to },
      { kind: "moved", moveTo: REGIONS[0], host: REGION_HOSTS[1], from, to },
    ],
  }),
  (prng, from, to) => {
    const closesAt = prng.between(from, to);
    return {
      http: [
        { kind: "moved", moveTo: REGIONS[0], host: HOME, from, to: closesAt },
        { kind: "refused", host: REGION_HOSTS[0], from: closesAt, to },
      ],
    };
  },
  // Power that goes more often than anything heals.
  (prng, from, to) => {
    const power: PowerFault[] = [];
    for (let at = from; at < to; at += prng.between(20, 200) * 60_000) power.push({ at, kind: "cut", off: "2m" });
    return { power };
  },
];

const onePin = (prng: Prng): string => PINS[prng.below(PINS.length)];

/** From one to four troubles at a time, for one to five days. Returns when the last has healed, too. */
function troubles(seed: number): { script: Script; healedMs: number } {
  const prng = createPrng(seed, "healing");
  const script = { http: [] as HttpFault[], wifi: [] as WifiFault[], power: [] as PowerFault[] };
  const endMs = Math.round(prng.between(1, 5) * DAY_MS);
  let healedMs = 0;
  for (let n = 1 + prng.below(4); n > 0; n--) {
    const from = Math.round(prng.between(0, 0.9) * endMs);
    // Half of them last until all is well.
    const to = prng.chance(0.5) ? endMs : Math.round(prng.between(from, endMs));
    healedMs = Math.max(healedMs, to);
    const { http, wifi, power } = KINDS[prng.below(KINDS.length)](prng, from, to);
    script.http.push(...(http ?? []));
    script.wifi.push(...(wifi ?? []));
    script.power.push(...(power ?? []));
  }
  return { script, healedMs };
}

/**
 * The share of what may be sent in the day after all is well that was accepted in it. Not to be sent are samples that can't be
 * dated, and what the allowance held back to the end: points that arrived less than 70 min before healing are free again after
 * the last delivery of that day.
 */
export function healedShare({ report, readings, exchanges, startMs }: Simulation, seed: number): number {
  const { healedMs } = troubles(seed);
  const endMs = startMs + healedMs + DAY_MS;
  let wanted = 0;
  for (const { trueMs } of readings.values()) for (const ms of trueMs) if (ms < endMs) wanted++;
  for (const { dropped } of report.streams) wanted -= dropped.undatable;
  let accepted = 0;
  let allowed = POINTS_PER_DAY;
  for (const one of exchanges) {
    const isKnown = one.stored && one.answered;
    if (one.atMs >= healedMs) accepted += isKnown ? one.points : 0;
    else if (isKnown) wanted -= one.points;
    if (one.atMs < healedMs && one.atMs > healedMs - HOUR_MS - 600_000) allowed -= one.points;
  }
  const least = Math.min(wanted, allowed);
  return least <= 0 ? 1 : Math.min(1, accepted / least);
}

export const HEALING: Scenario[] = [
  {
    name: "healing",
    about:
      "limits, pins, links, the server and the power fail for days, then heal: a day later nearly all that may be sent is",
    device: room({ region: "ota_0", counting: true, dark: true }),
    script: (seed) => {
      const { script, healedMs } = troubles(seed);
      return { ...script, until: healedMs + DAY_MS, untilDrained: false };
    },
    promise: (simulation) => {
      const share = healedShare(simulation, simulation.report.seed);
      return share >= SHARE_MIN
        ? []
        : [`only ${Math.round(100 * share)} % of what may be sent in the day after healing`];
    },
  },
];
