import { FIXES_PIN, type Page } from "../format/page.ts";
import { isAhead, positionOf, sampleIndexOf, sequenceOf } from "../format/position.ts";
import { BAD, NONE } from "./page-table.ts";
import { openPage, priorityOf, type RingParts } from "./parts.ts";

/** Which pages are free, and how they become so. */
export interface Space {
  /** How many pages hold nothing that is still needed. */
  free(): number;
  /** Makes `page` the newest page of its pin on the free page that was taken longest ago, and sees that another stays free. */
  take(page: Page): boolean;
}

/** What a look over all pages finds. */
interface Look {
  free: number;
  /** The free page that was taken longest ago; -1 when there is none. */
  best: number;
  /** By pin, its oldest page that is needed and that no stream writes, or last wrote; undefined when there is none. */
  oldest: { [pin: number]: number };
}

export function createSpace(parts: RingParts): Space {
  "on demand";
  const table = parts.table;
  const ledger = parts.ledger;
  const pages = parts.region.pages;

  /** Looks at each page once. It reads the page that a cursor stands in, and nothing else, whatever the size of the region. */
  function look(): Look {
    const sequences = table.sequences;
    const owners = table.owners;
    const streams = parts.streams;
    const none = NONE;
    const bad = BAD;
    /** By pin: the sequence that its cursor stands in, 0 when nothing was ever settled. */
    const settledIn: { [pin: number]: number } = {};
    const pins = table.pins();
    if (table.newest(FIXES_PIN) >= 0) pins.push(FIXES_PIN);
    for (let i = 0; i < pins.length; i++) {
      // Now each of their streams knows the page that it writes, or last wrote.
      parts.streamOf(pins[i]);
      settledIn[pins[i]] = sequenceOf(ledger.cursor(pins[i]));
    }
    const oldest: { [pin: number]: number } = {};
    let free = 0;
    let best = -1;
    for (let i = 0; i < pages; i++) {
      const sequence = sequences[i];
      if (sequence >= bad) continue;
      const pin = owners[i];
      // That page is never free, whatever its header reads: the stream's counters go on from there.
      const stream = streams[pin];
      if (stream && stream.page && stream.page.index === i) continue;
      if (sequence !== none) {
        const ahead = settledIn[pin] ? (settledIn[pin] - sequence) | 0 : -1;
        let needed = ahead < 0;
        if (ahead === 0) {
          // The cursor of the fixes stands in a page only when none of it is needed.
          const page = pin === FIXES_PIN ? undefined : openPage(parts, i);
          needed = page !== undefined && sampleIndexOf(ledger.cursor(pin)) < page.total;
        }
        if (needed) {
          // Fixes are never let go for samples.
          if (pin === FIXES_PIN) continue;
          const first = oldest[pin];
          if (first === undefined || ((sequence - sequences[first]) | 0) < 0) oldest[pin] = i;
          continue;
        }
      }
      free++;
      const first = best < 0 ? none : sequences[best];
      if (best < 0 || (first !== none && (sequence === none || ((sequence - first) | 0) < 0))) best = i;
    }
    return { free: free, best: best, oldest: oldest };
  }

  /**
   * Lets a page of the lowest priority go: that whose last sample is oldest. Pages of an open attempt only go when
   * `evenInFlight`. False when none can.
   */
  function overwriteOldest(seen: Look, evenInFlight: boolean): boolean {
    let oldest: Page | undefined;
    let lowest = 0;
    for (const name in seen.oldest) {
      const index = seen.oldest[name];
      const page = openPage(parts, index);
      // It was forgotten, so it is free.
      if (!page) return true;
      const attempt = ledger.attempt(page.pin);
      if (attempt && !evenInFlight && isAhead(positionOf(page.sequence, page.total), attempt.from)) continue;
      const priority = priorityOf(parts, page.pin);
      if (oldest && (priority < lowest || (priority === lowest && page.lastRawMs >= oldest.lastRawMs))) continue;
      oldest = page;
      lowest = priority;
    }
    if (!oldest) return false;
    // More may be settled than the pages say: a page of theirs decayed. Then none is counted twice.
    const samples = Math.max(0, (oldest.sampledBefore + oldest.total - ledger.settled(oldest.pin)) | 0);
    ledger.drop(oldest.pin, "overwritten", positionOf(oldest.sequence, oldest.total), samples);
    return true;
  }

  function take(page: Page): boolean {
    for (let tries = 0; tries < 2 * pages; tries++) {
      const seen = look();
      const best = seen.best;
      if (seen.free < 2 && (overwriteOldest(seen, false) || (best < 0 && overwriteOldest(seen, true)))) continue;
      if (best < 0) return false;
      const gone =
        table.sequences[best] !== NONE && table.newest(table.owners[best]) === best ? openPage(parts, best) : undefined;
      if (gone && gone.missedBefore + gone.missed + gone.failedBefore + gone.failed > 0) {
        ledger.retire(gone.pin, gone.missedBefore + gone.missed, gone.failedBefore + gone.failed);
      }
      if (table.take(best, page)) return true;
    }
    return false;
  }

  return {
    free() {
      return look().free;
    },
    take: take,
  };
}
