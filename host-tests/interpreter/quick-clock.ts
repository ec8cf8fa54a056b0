/**
 * A clock that runs several times as fast, for a device that waits a lot: heartbeats, rounds of SNTP, the watchdog. Its timers,
 * its clock, its time server and the stand-in all run fast, so that the device only sees that its work takes longer.
 */
export interface QuickClock {
  factor: number;
  /** Espruino code for `afterPrelude`, first. */
  code: string;
  /** For the servers: how far its clock is ahead of this machine's, in ms. */
  offsetMs(): number;
}

/** The clock starts an hour ago: most runs end before it has passed this machine's. */
export function makeQuickClock(factor: number): QuickClock {
  const startMs = Date.now();
  const behindMs = 3_600_000;
  return {
    factor,
    code: `
var realTime = getTime, realTimeout = setTimeout;
global.getTime = function () {
  return ${(startMs - behindMs) / 1000} + (realTime() - ${startMs / 1000}) * ${factor};
};
Date.now = function () {
  return getTime() * 1000;
};
global.setTimeout = function (callback, delayMs, argument) {
  return realTimeout(callback, delayMs / ${factor}, argument);
};
`,
    offsetMs: () => (Date.now() - startMs) * (factor - 1) - behindMs,
  };
}
