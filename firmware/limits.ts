/**
 * All limits in one place. Sources: Blynk's documentation (upload-set-of-data-with-timestamps-api, limits,
 * message-usage; July 2026).
 */

/** The build puts its own date here (scripts/build/run-esbuild.ts). Under Node.js nobody does. */
declare const __BUILD_MS__: number | undefined;

/** When this firmware was built, in Unix ms. Under Node.js 2010-01-01: recordings are replayed in their own years. */
export const BUILD_MS: number = typeof __BUILD_MS__ === "undefined" ? 1262304000000 : __BUILD_MS__;

export const LIMITS = {
  pointsPerRequestMax: 10000,
  /** Of a device, over all pins. Documented per day; kept per rolling window, which satisfies any definition of a day. */
  pointsPerDayMax: 10000,
  /** Blynk's changelog of May 2026, for the plan "2026" of a device file. */
  pointsPerDayMax2026: 100000,
  /** Our own bound: a free account has 100,000 messages a month for all its devices. */
  requestsPerDayMax: 300,
  /** 24 h plus 10 min: the server counts a request when it arrives, and crystals drift. */
  quotaWindowMs: 86400000 + 600000,
  /** Blynk says "one month in the past": the shortest month. */
  ageMaxMs: 28 * 86400000,
  /** Its changelog of April 2026 says three months, for the plan "2026". */
  ageMax2026Ms: 84 * 86400000,
  /** Subtracted from the age limit, for the time that a request takes and the error of the clock. */
  ageMarginMs: 3600000,
  /** 2 MB, headers included. */
  bodyBytesMax: 2000000 - 2048,
  batchPointsFirst: 1000,
  batchPointsMin: 50,
  maxTimeUncertaintyMs: 300000,
  pinMax: 255,
  decimalsMax: 4,
  intervalMsMin: 100,
  datastreamsMax: 16,
  syncEveryMs: 3600000,
  /** Of a whole request, from connect to answer. */
  answerTimeoutMs: 90000,
  /** Samples are sent once they are older than the error of the clock plus this, so that no time lies in the future. */
  futureMarginMs: 1000,
  /** A wait is uniform between 0 and a limit (full jitter). The limit doubles from the first value to the second. */
  backoffFirstMs: 4000,
  backoffMaxMs: 3600000,
  /** Longest wait that a server can ask for. */
  retryAfterMaxMs: 86400000,
  /** After this number of failures a delivery ends, and the next one starts after the backoff. */
  failuresPerDeliveryMax: 3,
  /** Longest wait between the tries of one delivery: somebody may be watching the LED. */
  patienceMs: 20000,
  /** Points of the next batch after one was refused for its content; then the size halves. */
  refusedBatchPoints: 64,
  /** Single points of a datastream refused in one delivery until the datastream waits for the next. */
  refusedPointsPerDeliveryMax: 16,
  /** Interval at which the watchdog is kicked, while all is well. */
  heartbeatMs: 10000,
  /** A delivery without progress for this long has lost a timer (out of memory): the chip has to restart. */
  deliveryStallMs: 600000,
  /**
   * JsVars that must be free to start a delivery: one with a 10,000-point request, and pages that begin meanwhile, took up to
   * 1,889, its own code included (host-tests/interpreter/spare-memory.test.ts).
   */
  deliveryMemoryFreeMin: 2000,
  /** Size of one of the ledger's two banks, rounded up to whole pages. */
  ledgerBankBytes: 4096,
};
