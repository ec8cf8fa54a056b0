/**
 * Unix ms of a text in ISO 8601, read as `Date.parse` reads it: a date alone is UTC, a time without a zone this computer's.
 * NaN for a date that is in no calendar: `Date.parse` takes 31 February for 3 March.
 */
export function parseIsoTime(text: string): number {
  const parts = /^(\d{4})-(\d{2})-(\d{2})(?=$|[T ])/.exec(text.trim());
  return parts !== null && isInCalendar(parts[1], parts[2], parts[3]) ? Date.parse(text.trim()) : Number.NaN;
}

/** Whether a month has that day. */
export function isInCalendar(year: string, month: string, day: string): boolean {
  return new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDate() === Number(day);
}
