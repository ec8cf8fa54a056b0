/** Times of a script: durations as people write them, and windows between two of them. */

/** A number of ms, or text such as "90s", "5m", "12h", "7d", "1.5h". Times count from the first power-on. */
export type Duration = number | string;

/** From `from` (default: the beginning) until before `to` (default: no end). */
export interface Window {
  from?: Duration;
  to?: Duration;
}

export const DAY_MS = 86_400_000;
const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS };

/** In ms. Throws an Error that says what is wrong. */
export function durationMs(duration: Duration): number {
  if (typeof duration === "number") return duration;
  const parts = /^(-?\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(duration.trim());
  if (!parts) throw new Error(`"${duration}" is not a duration: write 90s, 5m, 12h or 7d`);
  return Number(parts[1]) * UNITS[parts[2]];
}

/** Whether a time since power-on, in ms, lies in a window. */
export function within(window: Window, atMs: number): boolean {
  const fromMs = window.from === undefined ? 0 : durationMs(window.from);
  const toMs = window.to === undefined ? Number.POSITIVE_INFINITY : durationMs(window.to);
  return atMs >= fromMs && atMs < toMs;
}
