import { FIXES_PIN } from "../format/page.ts";
import { sequenceOf } from "../format/position.ts";
import { BAD, MENDED, NONE } from "./page-table.ts";
import { openPage, type RingParts } from "./parts.ts";
import { verifyPage } from "./seal.ts";

/**
 * Checks page `index` if it waits to be sent, so that decay is known long before that, and a page whose header decays while it is
 * written is closed in time. A page that failed once is not checked again before it is read.
 */
export function scrubPage(parts: RingParts, index: number): void {
  const table = parts.table;
  const sequence = table.sequences[index];
  if (sequence === NONE || sequence >= BAD || table.owners[index] === FIXES_PIN) return;
  const cursor = parts.ledger.cursor(table.owners[index]);
  if (cursor > 0 && ((sequenceOf(cursor) - sequence) | 0) > 0) return;
  const page = openPage(parts, index);
  if (page && page.sealed && table.checks[index] < MENDED) verifyPage(parts.region, page, table.checks);
}
