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
};
