/** Blynk's limits as its pages state them (upload-set-of-data-with-timestamps-api, limits, message-usage; July 2026). */

export interface StandInLimits {
  pointsPerRequest: number;
  /** Per device, over all its pins, within any 24 hours. */
  pointsPerDay: number;
  /** A month. The shortest one counts, so that a device that passes here passes in every month. */
  ageMaxMs: number;
  /** Request line, headers and body together: 2 MB, read as the smaller of its two meanings. */
  bodyBytes: number;
  /** Per device. */
  requestsPerSecond: number;
  /** Of the whole account on the free plan, within any 31 days. */
  messagesPerMonth: number;
}

export const BLYNK_LIMITS: StandInLimits = {
  pointsPerRequest: 10_000,
  pointsPerDay: 10_000,
  ageMaxMs: 28 * 86_400_000,
  bodyBytes: 2_000_000,
  requestsPerSecond: 50,
  messagesPerMonth: 100_000,
};
