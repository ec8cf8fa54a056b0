/** A backlog as straight lines: how many samples lie before a moment, without reading them all. */

/** Samples of a datastream between two places that were read, assumed to be evenly spread. True times. */
export interface Stretch {
  fromMs: number;
  toMs: number;
  samples: number;
}

/** Number of samples before a moment. */
export function rankAt(stretches: Stretch[], atMs: number): number {
  let rank = 0;
  for (let i = 0; i < stretches.length; i++) {
    const stretch = stretches[i];
    if (atMs >= stretch.toMs) rank += stretch.samples;
    else if (atMs > stretch.fromMs) {
      rank += (stretch.samples * (atMs - stretch.fromMs)) / (stretch.toMs - stretch.fromMs);
    }
  }
  return rank;
}

/** The ends of the stretches, in order: the rank is a straight line between them, so it is enough to look at these. */
export function momentsOf(stretches: Stretch[]): number[] {
  const momentsMs: number[] = [];
  for (let i = 0; i < stretches.length; i++) momentsMs.push(stretches[i].toMs);
  return momentsMs.sort((a, b) => a - b);
}

/** The moment before which `count` samples lie; Infinity when there are no more than that. */
export function momentOfRank(stretches: Stretch[], count: number): number {
  const momentsMs = momentsOf(stretches);
  let beforeMs = -Infinity;
  let before = 0;
  for (let i = 0; i < momentsMs.length; i++) {
    const rank = rankAt(stretches, momentsMs[i]);
    if (rank > count) {
      // Within a stretch the rank grows evenly. The first stretch has no moment before it.
      if (beforeMs === -Infinity) {
        beforeMs = momentsMs[i];
        for (let j = 0; j < stretches.length; j++) beforeMs = Math.min(beforeMs, stretches[j].fromMs);
      }
      return beforeMs + ((momentsMs[i] - beforeMs) * (count - before)) / (rank - before);
    }
    beforeMs = momentsMs[i];
    before = rank;
  }
  return Infinity;
}
