import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dateHeader } from "../../../firmware/clock/http-date.ts";
import type { TimeAnswer } from "../../../firmware/clock/sntp.ts";

describe("the Date header", () => {
  it("reads what any server writes, within a second and half the round trip", () => {
    const anyMs = fc.integer({ min: Date.UTC(2024, 0, 1, 0, 0, 2), max: Date.UTC(2099, 11, 31, 23, 59) });
    fc.assert(
      fc.property(
        anyMs,
        fc.integer({ min: 0, max: 10000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (ms, tripMs, at) => {
          // Written at `ms`, somewhere on the way of the round trip.
          const answer = dateHeader(new Date(ms).toUTCString(), 5000, 5000 + tripMs) as TimeAnswer;
          expect(Math.abs(answer.trueMs - (ms + tripMs * (1 - at)))).toBeLessThanOrEqual(answer.boundMs);
          expect(answer.boundMs).toBe(1000 + Math.ceil(tripMs / 2));
          expect(answer.rawMs).toBe(5000 + tripMs);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    "",
    "now",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 2026",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Sun, 06 Nov 2126 08:49:37 GMT",
    "Sun, 06 anF 2026 08:49:37 GMT",
    "Sun, 06 Nov 2026 08:49:37 CET",
    "Sun, 06 Nov 2026 08:49:37 GMT, Sun, 06 Nov 2026 08:49:37 GMT",
    "Thu, 00 Jan 2026 08:49:37 GMT",
    "Tue, 31 Feb 2026 08:49:37 GMT",
    "Sun, 29 Feb 2026 08:49:37 GMT",
    "Thu, 29 Feb 2100 08:49:37 GMT",
    "Fri, 31 Apr 2026 08:49:37 GMT",
    "Fri, 32 Dec 2026 08:49:37 GMT",
    "Sun, 06 Nov 2026 24:00:00 GMT",
    "Sun, 06 Nov 2026 08:60:00 GMT",
    "Sun, 06 Nov 2026 08:49:61 GMT",
    "Sun, 06 Nov 2026 25:61:61 GMT",
  ])("makes nothing of '%s'", (text) => {
    expect(dateHeader(text, 0, 100)).toBeUndefined();
  });

  it("knows the last day of every month, in leap years too", () => {
    for (let month = 0; month < 12; month++) {
      for (const year of [2026, 2028, 2099]) {
        const last = new Date(Date.UTC(year, month + 1, 1) - 1000);
        const text = last.toUTCString();
        expect(dateHeader(text, 0, 0)?.trueMs).toBe(last.getTime() + 500);
        const beyond = `${String(last.getUTCDate() + 1).padStart(2, "0")}`;
        expect(dateHeader(`${text.slice(0, 5)}${beyond}${text.slice(7)}`, 0, 0)).toBeUndefined();
      }
    }
  });

  it("takes the 60th second of a leap second for the one before it or the one after", () => {
    const answer = dateHeader("Sat, 31 Dec 2016 23:59:60 GMT", 0, 0) as TimeAnswer;
    const midnightMs = Date.UTC(2017, 0, 1);
    expect(answer.trueMs - answer.boundMs).toBeLessThanOrEqual(midnightMs - 1000);
    expect(answer.trueMs + answer.boundMs).toBeGreaterThanOrEqual(midnightMs + 1000);
  });
});
