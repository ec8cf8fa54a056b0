/** How far the samples on flash reach, of configured pins and others: what a boot goes on from. */
import { loadPage } from "../format/page.ts";
import type { RawMs } from "../format/times.ts";
import { openPage, type RingParts } from "./parts.ts";
import { resume } from "./resume.ts";

/** Highest raw time of any sample on flash. */
export function lastRawMs(parts: RingParts): RawMs {
  const pins = parts.table.pins();
  let last = 0;
  for (let i = 0; i < pins.length; i++) {
    const s = parts.streamOf(pins[i]);
    // A pin of the table has a newest page.
    const page = s ? s.page : openPage(parts, parts.table.newest(pins[i]));
    if (page) last = Math.max(last, s ? page.rawMs : page.lastRawMs);
  }
  return last;
}

/** Newest session of any sample on flash; 0 when there is none. */
export function lastSession(parts: RingParts): number {
  const pins = parts.table.pins();
  let last = 0;
  for (let i = 0; i < pins.length; i++) {
    const s = parts.streamOf(pins[i]);
    let page = s ? s.page : undefined;
    if (!page || page.sealed) {
      // A seal says no session, so the page's last record is looked for.
      page = loadPage(parts.region, parts.table.newest(pins[i]));
      if (page) resume(parts.region, page);
    }
    if (page && ((page.session - last) | 0) > 0) last = page.session;
  }
  return last;
}
