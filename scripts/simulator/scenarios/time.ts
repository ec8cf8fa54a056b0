/** Clocks that come late, drift, jump or lie. */
import { createPrng } from "../prng.ts";
import { all, allDelivered, correctsMoreThan, timesWithin } from "./promises.ts";
import { room, type Scenario } from "./scenario.ts";

export const TIME: Scenario[] = [
  {
    name: "late-ntp",
    about: "Wi-Fi from the start, but no time server for 8 h, nor the web's date",
    device: room({ counting: true }),
    script: () => ({
      ntp: [{ kind: "blocked", to: "8h" }],
      http: [{ kind: "refused", to: "8h" }],
      atLeast: "12h",
    }),
    promise: all(allDelivered, timesWithin(50)),
  },
  {
    name: "clock-drift",
    about: "20 days offline on a crystal that is 40 ppm fast",
    device: room({ region: "ota_0" }),
    script: () => ({ crystal: { driftPpm: 40 }, ...syncAtStart() }),
    promise: all(allDelivered, timesWithin(50), correctsMoreThan(60_000)),
  },
  {
    name: "clock-drift-swing",
    about: "20 days offline, −40 ppm and a day/night swing of 10 ppm",
    device: room({ region: "ota_0" }),
    script: () => ({ crystal: { driftPpm: -40, swingPpm: 10 }, ...syncAtStart() }),
    promise: all(allDelivered, timesWithin(2000), correctsMoreThan(60_000)),
  },
  {
    name: "brown-out-storm",
    about: "a power cut every few minutes for a day, Wi-Fi only now and then",
    device: room({ everyMs: 30_000, counting: true }),
    script: (seed) => {
      const prng = createPrng(seed, "brown-out-storm");
      const power = [];
      for (let at = 600_000; at < 86_400_000; at += prng.between(60_000, 600_000)) {
        power.push({
          at,
          kind: "cut" as const,
          off: prng.between(1000, 20_000),
          flashBytes: prng.chance(0.5) ? 1 + prng.below(40) : undefined,
        });
      }
      return {
        power,
        wifi: [
          { kind: "gone", from: "1h", to: "5h" },
          { kind: "gone", from: "7h", to: "13h" },
        ],
      };
    },
  },
  {
    name: "ide-sets-clock",
    about: "the IDE sets the clock forwards, backwards and to 1970 while samples are pending",
    device: room({ counting: true }),
    script: () => ({
      offline: "1d",
      setTime: [
        { at: "2h", offset: 0 },
        { at: "5h", offset: "3d" },
        { at: "9h", offset: "-2d" },
        { at: "13h", to: 0 },
        { at: "26h", offset: "90m" },
      ],
      atLeast: "30h",
    }),
    // setTime's steps are told exactly: no session begins, and no time is lost.
    promise: all(allDelivered, timesWithin(50)),
  },
  {
    name: "ntp-blocked",
    about: "UDP is blocked for good: the server's Date header is all there is",
    device: room({ counting: true }),
    script: () => ({ offline: "1d", ntp: [{ kind: "blocked" }] }),
    promise: all(allDelivered, timesWithin(1500)),
  },
  {
    name: "ntp-lies",
    about: "one of three time servers is three hours off",
    device: room({ counting: true }),
    script: () => ({ offline: "1d", ntp: [{ kind: "lies", server: 0, offset: "3h" }] }),
    promise: all(allDelivered, timesWithin(100)),
  },
];

/** Two hours of Wi-Fi, so that the clock is known, then 20 days without. */
function syncAtStart() {
  return { offline: 0, wifi: [{ kind: "gone" as const, from: "2h", to: "20d" }] };
}
