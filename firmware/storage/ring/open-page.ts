/** A page of the ring, and the datastream that writes it. */
import { loadPage, type Page } from "../format/page.ts";
import { findPage } from "./find-page.ts";
import { forgetPage } from "./page-table.ts";
import { resume } from "./resume.ts";
import type { Storage } from "./ring.ts";
import { loadSeal } from "./seal.ts";
import type { Stream } from "./stream.ts";

/** Of a datastream whose device file says none, and of a pin that is not configured any more. */
export const DEFAULT_PRIORITY = 2;

export function priorityOf(storage: Storage, pin: number): number {
  const stream = storage.ring.streams[pin];
  return stream ? stream.priority : DEFAULT_PRIORITY;
}

/** The stream of a configured pin, its newest page looked at; undefined for any other pin. */
export function streamOf(storage: Storage, pin: number): Stream | undefined {
  const stream = storage.ring.streams[pin];
  if (stream && !stream.known) findPage(storage, stream);
  return stream;
}

/**
 * Page `index` at its first word, with its extent: `total` samples, `end` behind the last word. Undefined when its header has
 * decayed beyond mending: then the table forgets it, and what was in it shows as a gap before the next page of its pin. A page
 * that is being written, and whose header decayed, is closed.
 */
export function openPage(storage: Storage, index: number): Page | undefined {
  "on demand";
  const region = storage.ring.region;
  const table = storage.ring.table;
  const page = loadPage(region, index);
  const stream = streamOf(storage, table.owners[index]);
  const live = stream && stream.page && stream.page.index === index ? stream.page : undefined;
  const isOurs = page !== undefined && page.sequence === table.sequences[index];
  if (stream && live && (!isOurs || page.mendedAt >= 0)) {
    stream.open = false;
    live.plainUntil = 0;
  }
  if (!isOurs) {
    forgetPage(table, index);
    return undefined;
  }
  if (live && !live.sealed) {
    page.total = live.count;
    // Behind a torn word the next one's place may lie beyond the page.
    page.end = Math.min(live.at, region.pageBytes);
    page.missed = live.missed;
    page.failed = live.failed;
    page.lastRawMs = live.rawMs;
    return page;
  }
  loadSeal(region, page);
  if (page.sealed) return page;
  const tail = loadPage(region, index);
  if (!tail) return undefined;
  resume(region, tail);
  page.total = tail.total;
  page.end = tail.end;
  page.missed = tail.missed;
  page.failed = tail.failed;
  page.lastRawMs = tail.lastRawMs;
  return page;
}
