import { WORDS_AT } from "../format/page.ts";
import { sequenceOf } from "../format/position.ts";
import { BAD, DECAYED, MENDED, NONE, WHOLE } from "./page-table.ts";
import { losePage, openPage, type RingParts } from "./parts.ts";
import { CRC_PIECE_BYTES, chainCrc, loadSeal, PAGE_CRC_START, verifyPage } from "./seal.ts";

/** Where the numbers of its progress stand: the page, its sequence, how far it was read (0 = the next page is due), the CRC. */
const PAGE = 0;
const SEQUENCE = 1;
const AT = 2;
const CRC = 3;

/**
 * Reads the pages that wait to be sent again and again, a piece at each call, so that decay is known long before they are
 * sent, and a page whose header decays while it is written is closed in time. Returns that call.
 */
export function createScrub(parts: RingParts): () => void {
  const table = parts.table;
  const region = parts.region;
  // One array takes fewer JsVars than four names.
  const progress = new Uint32Array(4);

  /** Chooses the next page, if it waits. */
  function begin(): void {
    const index = (progress[PAGE] + 1) % region.pages;
    progress[PAGE] = index;
    const sequence = table.sequences[index];
    if (sequence === NONE || sequence >= BAD) return;
    const cursor = parts.ledger.cursor(table.owners[index]);
    if (cursor > 0 && ((sequenceOf(cursor) - sequence) | 0) > 0) return;
    const page = openPage(parts, index);
    if (!page) losePage(parts, index);
    if (!page || !page.sealed) return;
    progress[SEQUENCE] = sequence;
    progress[CRC] = PAGE_CRC_START;
    progress[AT] = WORDS_AT;
  }

  return () => {
    const at = progress[AT];
    const index = progress[PAGE];
    if (at === 0 || table.sequences[index] !== progress[SEQUENCE]) {
      progress[AT] = 0;
      begin();
      return;
    }
    if (at < region.pageBytes) {
      const piece = region.flash.read(
        CRC_PIECE_BYTES - (at % CRC_PIECE_BYTES),
        region.address + index * region.pageBytes + at,
      );
      progress[CRC] = chainCrc(region.crc32, progress[CRC], piece);
      progress[AT] = at + piece.length;
      return;
    }
    progress[AT] = 0;
    const page = openPage(parts, index);
    if (!page || !page.sealed) return;
    // Only a page that failed is gone over at once: to be sure that it did, and to mend it.
    const whole = page.mendedAt < 0 && loadSeal(region, page) === progress[CRC];
    table.checks[index] = whole ? WHOLE : !verifyPage(region, page) ? DECAYED : page.mendedAt < 0 ? WHOLE : MENDED;
  };
}
