/** Sensors that show a recording. */

/** Rows that lie this many usual distances apart have a gap between them: one row is missing, or more. */
const GAP_DISTANCES = 1.5;

/** From one row to the next, usually (the median); Infinity for one row. */
export function usualDistanceMs(times: readonly number[]): number {
  if (times.length < 2) return Number.POSITIVE_INFINITY;
  const distances = times.slice(1).map((ms, i) => ms - times[i]);
  return Math.max(distances.sort((a, b) => a - b)[distances.length >> 1], 1);
}

/**
 * Shows the last row at or before a time; before the first row, the first. In a gap of the recording and after its end the last
 * row holds for one usual distance, then there is no reading: NaN. Fast when the times asked for increase.
 */
export function replay(times: readonly number[], values: Float64Array, gapMs?: number): (ms: number) => number {
  const usualMs = usualDistanceMs(times);
  const apartMs = gapMs ?? GAP_DISTANCES * usualMs;
  const holdMs = Math.min(usualMs, apartMs);
  let at = 0;
  return (ms) => {
    if (ms < times[at]) at = 0;
    while (at + 1 < times.length && times[at + 1] <= ms) at++;
    const isWhole = at + 1 < times.length && times[at + 1] - times[at] <= apartMs;
    return isWhole || ms - times[at] < holdMs ? values[at] : Number.NaN;
  };
}
