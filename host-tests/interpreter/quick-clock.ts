/**
 * A clock that runs several times as fast, for a device that waits a lot: heartbeats, rounds of SNTP, the watchdog. Its
 * timers, its clock and its time server are quick alike, so that nothing of it shows but that work takes longer.
 */

export interface QuickClock {
  factor: number;
  /** For `afterPrelude`, first. */
  code: string;
  /** For the time server: what its clock is ahead of this machine's, in ms. */
  offsetMs(): number;
}

/** The device's clock starts in the past, so that the server, whose clock is this machine's, never meets the future. */
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
