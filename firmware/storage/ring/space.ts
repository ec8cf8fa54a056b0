/** Which pages are free, and how they become so. */
import { FIXES_PIN, type Page } from "../format/page.ts";
import { isAhead, positionOf, sampleIndexOf, sequenceOf } from "../format/position.ts";
import { fixesNeededFrom, settledOf } from "../ledger/reading.ts";
import { accountOf } from "../ledger/state.ts";
import { dropSamples, retireReadings } from "../ledger/writing.ts";
import { openPage, priorityOf, streamOf } from "./open-page.ts";
import { BAD, NONE, newestPage, pinsOf, takePage } from "./page-table.ts";
import type { Storage } from "./ring.ts";

/** What a look over all pages finds. */
interface Look {
  free: number;
  /** The free page that was taken longest ago; -1 when there is none. */
  best: number;
  /** By pin, its oldest page that is needed and that no stream writes, or last wrote; undefined when there is none. */
  oldest: { [pin: number]: number };
}

/** Looks at each page once. It reads the page that a cursor stands in, and nothing else, whatever the size of the region. */
function look(storage: Storage): Look {
  const ring = storage.ring;
  const table = ring.table;
  const sequences = table.sequences;
  const owners = table.owners;
  const streams = ring.streams;
  const pages = ring.region.pages;
  const none = NONE;
  const bad = BAD;
  /** By pin: the sequence that its cursor stands in, 0 when nothing was ever settled. */
  const settledIn: { [pin: number]: number } = {};
  const pins = pinsOf(storage);
  for (let i = 0; i < pins.length; i++) {
    // Now each of their streams knows the page that it writes, or last wrote.
    streamOf(storage, pins[i]);
    settledIn[pins[i]] = sequenceOf(accountOf(storage.ledger, pins[i]).cursor);
  }
  if (newestPage(table, FIXES_PIN) >= 0) settledIn[FIXES_PIN] = sequenceOf(fixesNeededFrom(storage.ledger));
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
        const page = pin === FIXES_PIN ? undefined : openPage(storage, i);
        needed = page !== undefined && sampleIndexOf(accountOf(storage.ledger, pin).cursor) < page.total;
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
function overwriteOldest(storage: Storage, seen: Look, evenInFlight: boolean): boolean {
  const ledger = storage.ledger;
  let oldest: Page | undefined;
  let lowest = 0;
  for (const name in seen.oldest) {
    const index = seen.oldest[name];
    const page = openPage(storage, index);
    // It was forgotten, so it is free.
    if (!page) return true;
    const attempt = accountOf(ledger, page.pin).attempt;
    if (attempt && !evenInFlight && isAhead(positionOf(page.sequence, page.total), attempt.from)) continue;
    const priority = priorityOf(storage, page.pin);
    if (oldest && (priority < lowest || (priority === lowest && page.lastRawMs >= oldest.lastRawMs))) continue;
    oldest = page;
    lowest = priority;
  }
  if (!oldest) return false;
  // More may be settled than the pages say: a page of theirs decayed. Then none is counted twice.
  const samples = Math.max(0, (oldest.sampledBefore + oldest.total - settledOf(ledger, oldest.pin)) | 0);
  dropSamples(ledger, oldest.pin, "overwritten", positionOf(oldest.sequence, oldest.total), samples);
  return true;
}

/** Makes `page` the newest page of its pin on the free page that was taken longest ago, and sees that another stays free. */
export function takeFreePage(storage: Storage, page: Page): boolean {
  "on demand";
  const ledger = storage.ledger;
  const region = storage.ring.region;
  const table = storage.ring.table;
  const pages = region.pages;
  for (let tries = 0; tries < 2 * pages; tries++) {
    const seen = look(storage);
    const best = seen.best;
    if (seen.free < 2 && (overwriteOldest(storage, seen, false) || (best < 0 && overwriteOldest(storage, seen, true))))
      continue;
    if (best < 0) return false;
    const gone =
      table.sequences[best] !== NONE && newestPage(table, table.owners[best]) === best
        ? openPage(storage, best)
        : undefined;
    if (gone && gone.missedBefore + gone.missed + gone.failedBefore + gone.failed > 0) {
      retireReadings(ledger, gone.pin, gone.missedBefore + gone.missed, gone.failedBefore + gone.failed);
    }
    if (takePage(region, table, best, page)) return true;
  }
  return false;
}

/** How many pages hold nothing that is still needed. */
export function freePages(storage: Storage): number {
  "on demand";
  return look(storage).free;
}
