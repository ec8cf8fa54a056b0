import { FIRST_VERSION, loadPage, type Page } from "../format/page.ts";
import { isAhead, positionOf, sampleIndexOf, sequenceOf } from "../format/position.ts";
import { accountOf } from "../ledger/state.ts";
import { forgetPage, newestPage } from "./page-table.ts";
import { resume } from "./resume.ts";
import type { Storage } from "./ring.ts";
import { loadSeal } from "./seal.ts";
import type { Stream } from "./stream.ts";

/** Finds the newest page of a stream, and where to go on in it. */
export function findPage(storage: Storage, s: Stream): void {
  "on demand";
  const region = storage.ring.region;
  const table = storage.ring.table;
  const account = accountOf(storage.ledger, s.pin);
  s.known = true;
  let page: Page | undefined;
  while (!page) {
    const index = newestPage(table, s.pin);
    if (index < 0) return;
    page = loadPage(region, index);
    // Decayed since it was entered.
    if (!page) forgetPage(table, index);
  }
  s.page = page;
  const headerDecayed = page.mendedAt >= 0;
  loadSeal(region, page);
  if (page.sealed) {
    page.count = page.total;
    page.rawMs = page.lastRawMs;
  } else resume(region, page);
  // Those that no page has.
  s.failed = Math.max(0, account.failed - page.failedBefore - page.failed);
  if (page.sealed) return;
  // What the server has taken was there, whatever decayed since.
  const cursor = account.cursor;
  if (sequenceOf(cursor) === page.sequence) page.count = Math.max(page.count, sampleIndexOf(cursor));
  // What was cut short may look blank, and change yet: as far as one program reaches.
  page.at = page.end + page.words;
  // A page of an earlier format takes no more samples, nor one whose header decayed once. Nor does one that the cursor is
  // beyond: what it took would be behind the cursor, so nobody would send it.
  s.open =
    page.sealable &&
    page.version > FIRST_VERSION &&
    !headerDecayed &&
    page.intervalMs === s.intervalMs &&
    page.decimals === s.decimals &&
    page.at < region.pageBytes &&
    !isAhead(cursor, positionOf(page.sequence, page.count));
}
