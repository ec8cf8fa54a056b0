/** Counts samples by the totals in page headers, without reading them. */
import type { Page } from "../format/page.ts";
import { type Position, positionOf, sampleIndexOf, sequenceOf } from "../format/position.ts";
import { settledOf } from "../ledger/reading.ts";
import { accountOf } from "../ledger/state.ts";
import { openPage, streamOf } from "./open-page.ts";
import { newestPage, pageFrom } from "./page-table.ts";
import type { Storage } from "./ring.ts";

export interface StreamTotals {
  /** Appends that returned true. */
  sampled: number;
  missed: number;
  failed: number;
  /** Samples ahead of the cursor. */
  pending: number;
}

export function totalsOf(storage: Storage, pin: number): StreamTotals {
  "on demand";
  const stream = streamOf(storage, pin);
  const settled = settledOf(storage.ledger, pin);
  const account = accountOf(storage.ledger, pin);
  const index = newestPage(storage.ring.table, pin);
  const page = stream ? stream.page : index < 0 ? undefined : openPage(storage, index);
  const failed = stream ? stream.failed : 0;
  if (!page) return { sampled: settled, missed: account.missed, failed: account.failed + failed, pending: 0 };
  // More may be settled than the pages say: a page of theirs decayed.
  const sampled = Math.max(settled, page.sampledBefore + (stream ? page.count : page.total));
  return {
    sampled: sampled,
    missed: page.missedBefore + page.missed,
    failed: Math.max(account.failed, page.failedBefore + page.failed + failed),
    pending: sampled - settled,
  };
}

/** How many samples of the datastream lie before `position`, modulo 2^32. */
function samplesBefore(storage: Storage, pin: number, position: Position): number {
  if (position === accountOf(storage.ledger, pin).cursor) return settledOf(storage.ledger, pin);
  const sequence = sequenceOf(position);
  const index = position === Number.POSITIVE_INFINITY ? -1 : pageFrom(storage.ring.table, pin, sequence);
  const page = index < 0 ? undefined : openPage(storage, index);
  if (!page) return totalsOf(storage, pin).sampled;
  return page.sampledBefore + (page.sequence === sequence ? sampleIndexOf(position) : 0);
}

/** Samples between two positions. */
export function countBetween(storage: Storage, pin: number, from: Position, to: Position): number {
  return Math.max(0, (samplesBefore(storage, pin, to) - samplesBefore(storage, pin, from)) | 0);
}

/** The page that holds the sample at `position`, or the next one of its pin. */
export function pageAt(storage: Storage, pin: number, position: Position): Page | undefined {
  const table = storage.ring.table;
  const sequence = sequenceOf(position);
  let index = pageFrom(table, pin, sequence);
  let page = index < 0 ? undefined : openPage(storage, index);
  if (page && page.sequence === sequence && sampleIndexOf(position) >= page.total) {
    index = pageFrom(table, pin, (sequence + 1) >>> 0);
    page = index < 0 ? undefined : openPage(storage, index);
  }
  return page;
}

/** Decimals of the samples at `position`. */
export function decimalsAt(storage: Storage, pin: number, position: Position): number {
  "on demand";
  const page = pageAt(storage, pin, position);
  if (page) return page.decimals;
  const stream = streamOf(storage, pin);
  return stream ? stream.decimals : 0;
}

/** Time between two samples at `position`, in raw ms; 0 when there are none. */
export function intervalMsAt(storage: Storage, pin: number, position: Position): number {
  "on demand";
  const page = pageAt(storage, pin, position);
  return page ? page.intervalMs : 0;
}

/** Position after `points` samples from `from`, never beyond a change of decimals. */
export function endAfter(storage: Storage, pin: number, from: Position, points: number): Position {
  let position = from;
  let decimals = -1;
  // Each turn ends behind another page.
  for (let turns = 0; turns <= storage.ring.table.sequences.length; turns++) {
    const page = pageAt(storage, pin, position);
    if (!page || (decimals >= 0 && page.decimals !== decimals)) return position;
    decimals = page.decimals;
    const start = sequenceOf(position) === page.sequence ? sampleIndexOf(position) : 0;
    if (page.total - start >= points) return positionOf(page.sequence, start + points);
    points -= page.total - start;
    position = positionOf(page.sequence, page.total);
  }
  return position;
}
