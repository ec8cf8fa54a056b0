/** The second-best clock, for networks that block UDP, and the check on the best one: the `Date` header of an HTTP answer. */
import { type TimeAnswer, TRUE_MAX_MS, TRUE_MIN_MS } from "./sntp.ts";

/** Half of it for the header's whole seconds, the other half for the error of the web server's own clock. */
export const DATE_BOUND_MS = 1000;
/** The 60th second of a leap second may be told as the second before or after it. */
const LEAP_MS = 1000;

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

/**
 * Reads an IMF-fixdate (RFC 9110, 5.6.7: "Tue, 15 Nov 1994 08:12:31 GMT") that came in answer to a request sent at
 * `sentRawMs`, at `rawMs`. Returns nothing for any other text, for a date that no calendar has, and outside 2010 to 2099.
 */
export function dateHeader(text: string, sentRawMs: number, rawMs: number): TimeAnswer | undefined {
  const fields = /^[A-Z][a-z][a-z], (\d\d) ([A-Z][a-z][a-z]) (\d\d\d\d) (\d\d):(\d\d):(\d\d) GMT$/.exec(text);
  if (!fields) return undefined;
  const month = MONTHS.indexOf(fields[2]) / 3;
  if (month !== Math.floor(month) || month < 0) return undefined;
  const year = parseInt(fields[3], 10);

  // Days from 1970 to the day before this month begins, and to the day before the next one does. A loop and no function: one
  // that holds a function can't be moved to its call, and takes 7 JsVars for ever.
  const before: number[] = [];
  // In years that start in March the leap day is the last, so that a formula gives the days of the months.
  for (let marchMonth = month + 10; before.length < 2; marchMonth++) {
    const marchYear = year - 1 + Math.floor(marchMonth / 12);
    const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
    before.push(marchYear * 365 + leapDays + Math.floor(((marchMonth % 12) * 153 + 2) / 5) - 719469);
  }

  const day = parseInt(fields[1], 10);
  const hour = parseInt(fields[4], 10);
  const minute = parseInt(fields[5], 10);
  const second = parseInt(fields[6], 10);
  if (day < 1 || day > before[1] - before[0] || hour > 23 || minute > 59 || second > 60) return undefined;
  const clockS = hour * 3600 + minute * 60 + Math.min(second, 59);
  const roundTripMs = rawMs - sentRawMs;
  // The header was written at some moment of its second, and of the round trip.
  const trueMs = ((before[0] + day) * 86400 + clockS) * 1000 + 500 + Math.round(roundTripMs / 2);
  if (!(trueMs >= TRUE_MIN_MS && trueMs < TRUE_MAX_MS) || roundTripMs < 0) return undefined;
  return { rawMs, trueMs, boundMs: DATE_BOUND_MS + Math.ceil(roundTripMs / 2) + (second > 59 ? LEAP_MS : 0) };
}
