/** Every maximum in one place. Sources: Blynk's documentation (upload-set-of-data-with-timestamps-api, limits, message-usage; July 2026). */

export const LIMITS = {
  pointsPerRequestMax: 10000,
  /** Per device over all pins. Documented per day; kept per rolling window, which holds under any definition of a day. */
  pointsPerDayMax: 10000,
  /** Our own bound: a free account has 100,000 messages a month for all its devices. */
  requestsPerDayMax: 300,
  /** 24 h plus 10 min: requests are judged when they arrive, and crystals drift. */
  quotaWindowMs: 86400000 + 600000,
  /** "One month in the past": the shortest month. */
  ageMaxMs: 28 * 86400000,
  /** Kept back from the age limit for the time a request takes and the clock's error. */
  ageMarginMs: 3600000,
  /** 2 MB with headers. */
  bodyBytesMax: 2000000 - 2048,
  batchPointsFirst: 1000,
  batchPointsMin: 50,
  maxTimeUncertaintyMs: 300000,
  pinMax: 255,
  decimalsMax: 4,
  intervalMsMin: 100,
  datastreamsMax: 16,
  syncEveryMs: 3600000,
  /** Whole request, connect to answer. */
  answerTimeoutMs: 90000,
  /** Samples are sent only when they are older than the clock's error and this: no future times. */
  futureMarginMs: 1000,
  /** Full jitter: a wait is uniform between 0 and a limit that doubles from the first to the second. */
  backoffFirstMs: 4000,
  backoffMaxMs: 3600000,
  /** A server may not silence a unit for longer. */
  retryAfterMaxMs: 86400000,
  /** Failures in a row until a sync gives up, to go on after the backoff. */
  failuresPerDeliveryMax: 3,
  /** A sync doesn't wait longer than this between its tries: somebody may be watching the LED. */
  patienceMs: 20000,
  /** A batch that is refused for what is in it falls to so many points, then halves. */
  refusedBatchPoints: 64,
  /** Points asked for one by one in a sync until its datastream waits for the next. */
  refusedPointsPerDeliveryMax: 16,
  /** The watchdog is kicked so often, if all is well. */
  heartbeatMs: 10000,
  /** A sync in which nothing happens for so long has lost a timer, to an out-of-memory: the chip is to restart. */
  deliveryStallMs: 600000,
  /** JsVars that must be free to start a sync: with a 10,000-point request it takes up to 1,250 of them (host-tests/interpreter/memory.test.ts). */
  deliveryMemoryFreeMin: 1400,
  /** Of one of the ledger's two banks; a whole number of pages is taken. */
  ledgerBankBytes: 4096,
};
