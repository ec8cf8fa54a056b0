import type { Page } from "../format/page.ts";
import { type Position, positionOf, sampleIndexOf, sequenceOf } from "../format/position.ts";
import { openPage, type RingParts } from "./parts.ts";
import type { StreamTotals } from "./ring.ts";

/** Counts samples by the totals in page headers, without reading them. */
export interface Extent {
  totals(pin: number): StreamTotals;
  decimals(pin: number, position: Position): number;
  intervalMs(pin: number, position: Position): number;
  count(pin: number, from: Position, to: Position): number;
  end(pin: number, from: Position, points: number): Position;
}

export function createExtent(parts: RingParts): Extent {
  const table = parts.table;
  const ledger = parts.ledger;

  function totals(pin: number): StreamTotals {
    const stream = parts.streamOf(pin);
    const settled = ledger.settled(pin);
    const retired = ledger.retired(pin);
    const index = table.newest(pin);
    const page = stream ? stream.page : index < 0 ? undefined : openPage(parts, index);
    const failed = stream ? stream.failed : 0;
    if (!page) return { sampled: settled, missed: retired.missed, failed: retired.failed + failed, pending: 0 };
    // More may be settled than the pages say: a page of theirs decayed.
    const sampled = Math.max(settled, page.sampledBefore + (stream ? page.count : page.total));
    return {
      sampled: sampled,
      missed: page.missedBefore + page.missed,
      failed: Math.max(retired.failed, page.failedBefore + page.failed + failed),
      pending: sampled - settled,
    };
  }

  /** How many samples of the datastream lie before `position`, modulo 2^32. */
  function samplesBefore(pin: number, position: Position): number {
    if (position === ledger.cursor(pin)) return ledger.settled(pin);
    const sequence = sequenceOf(position);
    const index = position === Number.POSITIVE_INFINITY ? -1 : table.pageFrom(pin, sequence);
    const page = index < 0 ? undefined : openPage(parts, index);
    if (!page) return totals(pin).sampled;
    return page.sampledBefore + (page.sequence === sequence ? sampleIndexOf(position) : 0);
  }

  /** The page that holds the sample at `position`, or the next one of its pin. */
  function pageAt(pin: number, position: Position): Page | undefined {
    const sequence = sequenceOf(position);
    let index = table.pageFrom(pin, sequence);
    let page = index < 0 ? undefined : openPage(parts, index);
    if (page && page.sequence === sequence && sampleIndexOf(position) >= page.total) {
      index = table.pageFrom(pin, (sequence + 1) >>> 0);
      page = index < 0 ? undefined : openPage(parts, index);
    }
    return page;
  }

  return {
    totals: totals,
    decimals(pin, position) {
      const page = pageAt(pin, position);
      if (page) return page.decimals;
      const stream = parts.streamOf(pin);
      return stream ? stream.decimals : 0;
    },
    intervalMs(pin, position) {
      const page = pageAt(pin, position);
      return page ? page.intervalMs : 0;
    },
    count: (pin, from, to) => Math.max(0, (samplesBefore(pin, to) - samplesBefore(pin, from)) | 0),
    end(pin, from, points) {
      let position = from;
      let decimals = -1;
      // Each turn ends behind another page.
      for (let turns = 0; turns <= table.sequences.length; turns++) {
        const page = pageAt(pin, position);
        if (!page || (decimals >= 0 && page.decimals !== decimals)) return position;
        decimals = page.decimals;
        const start = sequenceOf(position) === page.sequence ? sampleIndexOf(position) : 0;
        if (page.total - start >= points) return positionOf(page.sequence, start + points);
        points -= page.total - start;
        position = positionOf(page.sequence, page.total);
      }
      return position;
    },
  };
}
