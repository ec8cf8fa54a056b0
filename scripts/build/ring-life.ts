/**
 * How long a ring of pages lasts, by counting pages: which datastream takes one when, and which of them are sent. A datastream
 * fills pages of its own, so the last ones are never full all at once, and one page of the ring is always kept free.
 */

/** What a device logs, and what it may send. */
export interface RingLoad {
  intervalsMs: number[];
  /** Of the ring. */
  pages: number;
  samplesPerPage: number;
  /** Samples that go in one window of the allowance, and how long that is. */
  samplesPerWindow: number;
  windowMs: number;
}

/**
 * Samples of a page of 4,096 bytes whose values move a few steps from one to the next: a byte each, 72 bytes of header and seal,
 * and 15 checks. Counted on the simulated device (host-tests/scenarios/days-offline.test.ts).
 */
export const SAMPLES_PER_PAGE = 3874;
/** The same where values jump by up to some hundred steps: two bytes each, and a first page that does not know that yet. */
export const JUMPING_SAMPLES_PER_PAGE = 1500;

/** Whether the ring can take its next page, the `taken`-th, at `atMs`, without letting go of one. */
type Fits = (atMs: number, taken: number) => boolean;

/** The first moment at which a page is needed that the ring does not have; `untilMs` if there is none before. */
function firstShortageMs(load: RingLoad, untilMs: number, fits: Fits): number {
  const spansMs = load.intervalsMs.map((intervalMs) => intervalMs * load.samplesPerPage);
  const nextMs = spansMs.map(() => 0);
  for (let taken = 1; ; taken++) {
    const atMs = Math.min(...nextMs);
    if (atMs >= untilMs) return untilMs;
    if (!fits(atMs, taken)) return atMs;
    nextMs[nextMs.indexOf(atMs)] += spansMs[nextMs.indexOf(atMs)];
  }
}

/** Time offline until the first sample is overwritten. */
export function offlineMs(load: RingLoad): number {
  return firstShortageMs(load, Number.POSITIVE_INFINITY, (_, taken) => taken < load.pages);
}

/** Whether nothing is overwritten when the first delivery begins after `outageMs`: what is sent frees pages just in time. */
function survives(load: RingLoad, outageMs: number): boolean {
  const samplesPerMs = load.intervalsMs.reduce((sum, intervalMs) => sum + 1 / intervalMs, 0);
  // The oldest samples go first, over all datastreams: up to this moment all are sent.
  const sentUntilMs = (atMs: number) => {
    const windows = atMs < outageMs ? 0 : Math.floor((atMs - outageMs) / load.windowMs) + 1;
    return Math.min(atMs, (windows * load.samplesPerWindow) / samplesPerMs);
  };
  const freedBy = (sentMs: number) =>
    load.intervalsMs.reduce((sum, intervalMs) => sum + Math.floor(sentMs / (intervalMs * load.samplesPerPage)), 0);
  const gainPerWindow = load.samplesPerWindow / samplesPerMs - load.windowMs;
  const drainedMs = outageMs + load.windowMs * (Math.ceil(outageMs / gainPerWindow) + 1);
  const shortMs = firstShortageMs(load, drainedMs, (atMs, taken) => taken - freedBy(sentUntilMs(atMs)) < load.pages);
  return shortMs >= drainedMs;
}

/**
 * The longest outage after which everything is still delivered, the time that the backlog takes to drain included. 0 when the
 * device samples as much as it may send.
 */
export function outageMs(load: RingLoad): number {
  const samplesPerWindow = load.intervalsMs.reduce((sum, intervalMs) => sum + load.windowMs / intervalMs, 0);
  if (samplesPerWindow >= load.samplesPerWindow) return 0;
  let survived = 0;
  let lost = offlineMs(load);
  if (survives(load, lost)) return lost;
  while (lost - survived > 600_000) {
    const middleMs = (survived + lost) / 2;
    if (survives(load, middleMs)) survived = middleMs;
    else lost = middleMs;
  }
  return survived;
}
