/**
 * Scripts in which time servers are wrong together, with or without the server's own date, or tell no time. No check can find all
 * of that out meanwhile, so the server's rules may be broken then. Each promises what must come of it once the truth is back.
 */
import { all, allDelivered, dropped, timesWithin } from "../../scripts/simulator/scenarios/promises.ts";
import { room, type Scenario } from "../../scripts/simulator/scenarios/scenario.ts";
import type { HttpFault, NtpFault, Script, Simulation } from "../../scripts/simulator/simulate.ts";

const device = room({ counting: true });

/** What was wrong for half an hour must not matter half a day later. */
const halfDay: Script = { untilDrained: false, until: "12h" };

/** All sources of the time are off by `offset` in this window. */
function sources(offset: string, from: string, to: string): { ntp: NtpFault[]; http: HttpFault[] } {
  return {
    ntp: [{ kind: "lies", offset, from, to }],
    http: [{ kind: "date", dateOffset: offset, from, to }],
  };
}

/** What waits in the end was taken since the last sync, once an hour. */
function waitsAnHour({ report }: Simulation): string[] {
  return report.streams
    .filter(({ pending }) => pending > 60)
    .map(({ pin, pending }) => `${pin}: ${pending} still wait at the end`);
}

const nothingUndatable = (simulation: Simulation): string[] => {
  const count = dropped(simulation, "undatable");
  return count === 0 ? [] : [`${count} undatable`];
};

/** Points that were sent an hour ahead don't keep back those that follow. */
export const AHEAD_TOGETHER: Scenario = {
  name: "ahead-together",
  about: "time servers and the server's date are an hour ahead for 20 minutes",
  device,
  script: () => ({ ...halfDay, ...sources("1h", "0s", "20m") }),
  promise: all(waitsAnHour, nothingUndatable),
};

/** A batch with wrong times that had no answer is not sent again. */
export const UNANSWERED_TOGETHER: Scenario = {
  name: "unanswered-together",
  about: "time servers and the server's date are an hour behind for 35 minutes, and no upload is answered or stored",
  device,
  script: () => {
    const lies = sources("-1h", "5m", "40m");
    const silence: HttpFault = { kind: "silent", bodyHas: "[[", from: "5m", to: "40m" };
    // After a boot nothing says that it can't be so early.
    return { ...halfDay, ...lies, http: [silence, ...lies.http], power: [{ at: "5m", kind: "cut", off: "1m" }] };
  },
  // A point an hour before power-on is none of this unit's.
  promise: all(waitsAnHour, timesWithin(1000), ({ problems }) => problems),
};

/** A time from before the build is no time, whoever tells it. */
export const YEARS_BEHIND_TOGETHER: Scenario = {
  name: "years-behind-together",
  about: "time servers and the server's date are seven years behind for the first hour",
  device,
  script: () => ({ ...halfDay, ...sources("-2555d", "0s", "1h") }),
  promise: all(waitsAnHour, nothingUndatable, ({ report }) => report.server.violations.slice(0, 3)),
};

/** An answer without timestamps tells no time, and does not contradict the server's date. */
export const NO_TIMESTAMPS: Scenario = {
  name: "no-timestamps",
  about: "the receive and transmit timestamps of all time servers are 0",
  device,
  script: () => ({ ntp: [{ kind: "zero" }], atLeast: "12h", until: "2d" }),
  promise: all(waitsAnHour, allDelivered, timesWithin(2000)),
};

/** What time servers said before the server's date disputed it dates nothing, not even after a power cut. */
export const DISPUTED_LATE: Scenario = {
  name: "disputed-late",
  about: "time servers are an hour ahead until the unit is off for 90 min; the server answers from the 30th minute on",
  device,
  script: () => ({
    ...halfDay,
    ntp: [{ kind: "lies", offset: "1h", from: "5m", to: "2h" }],
    http: [{ kind: "silent", from: "5m", to: "30m" }],
    power: [
      { at: "5m", kind: "cut", off: "1m" },
      { at: "1h", kind: "cut", off: "90m" },
    ],
  }),
  promise: all(waitsAnHour, timesWithin(1000)),
};
