import { describe, expect, it } from "vitest";
import { LIMITS } from "../../firmware/limits.ts";
import { decimalText, VALUE_MAX } from "../../firmware/storage/format/decimal.ts";
import { RECORD_MAX } from "../../firmware/storage/format/page.ts";

// Asserted here and not at load: on the device each check would cost memory for ever, and nothing can change them there.
describe("the limits", () => {
  it("let the largest batch of the longest points fit the body limit", () => {
    const longest = `[1648054765458,${decimalText(-VALUE_MAX, LIMITS.decimalsMax)}],`.length;
    expect(2 + LIMITS.pointsPerRequestMax * longest).toBeLessThan(LIMITS.bodyBytesMax);
  });

  it("keep the quota window longer than a day by more than a request takes and crystals drift", () => {
    const driftMs = LIMITS.quotaWindowMs * 100e-6;
    expect(LIMITS.quotaWindowMs).toBeGreaterThan(86_400_000 + 2 * LIMITS.answerTimeoutMs + driftMs);
  });

  it("stop sending a point before it is too old for the server, however long the request takes and wrong its time is", () => {
    expect(LIMITS.ageMarginMs).toBeGreaterThan(LIMITS.answerTimeoutMs + LIMITS.maxTimeUncertaintyMs);
    expect(LIMITS.ageMaxMs).toBeLessThanOrEqual(28 * 86_400_000);
  });

  it("order the batch sizes: refused down to one, smallest, first, largest", () => {
    expect(LIMITS.batchPointsMin).toBeLessThan(LIMITS.refusedBatchPoints);
    expect(LIMITS.refusedBatchPoints).toBeLessThan(LIMITS.batchPointsFirst);
    expect(LIMITS.batchPointsFirst).toBeLessThanOrEqual(LIMITS.pointsPerRequestMax);
    expect(LIMITS.pointsPerRequestMax).toBeLessThanOrEqual(LIMITS.pointsPerDayMax);
  });

  it("let hourly syncs of the most datastreams that a day's requests allow pass", () => {
    expect((86_400_000 / LIMITS.syncEveryMs) * 12).toBeLessThanOrEqual(LIMITS.requestsPerDayMax);
  });

  it("let a record always fit a page of either size", () => {
    expect(2 * RECORD_MAX).toBeLessThan(1024 - 128);
  });
});
