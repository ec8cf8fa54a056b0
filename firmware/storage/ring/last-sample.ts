/** How far the samples on flash reach, of configured pins and others: what a boot goes on from. */
import { loadPage } from "../format/page.ts";
import type { RawMs } from "../format/times.ts";
import { openPage, streamOf } from "./open-page.ts";
import { newestPage, pinsOf } from "./page-table.ts";
import { resume } from "./resume.ts";
import type { Storage } from "./ring.ts";

/** Highest raw time of any sample on flash. */
export function lastRawMs(storage: Storage): RawMs {
  const pins = pinsOf(storage);
  let last = 0;
  for (let i = 0; i < pins.length; i++) {
    const s = streamOf(storage, pins[i]);
    // A pin of the table has a newest page.
    const page = s ? s.page : openPage(storage, newestPage(storage.ring.table, pins[i]));
    if (page) last = Math.max(last, s ? page.rawMs : page.lastRawMs);
  }
  return last;
}

/** Newest session of any sample on flash; 0 when there is none. */
export function lastSession(storage: Storage): number {
  const pins = pinsOf(storage);
  let last = 0;
  for (let i = 0; i < pins.length; i++) {
    const s = streamOf(storage, pins[i]);
    let page = s ? s.page : undefined;
    if (!page || page.sealed) {
      // A seal says no session, so the page's last record is looked for.
      page = loadPage(storage.ring.region, newestPage(storage.ring.table, pins[i]));
      if (page) resume(storage.ring.region, page);
    }
    if (page && ((page.session - last) | 0) > 0) last = page.session;
  }
  return last;
}
