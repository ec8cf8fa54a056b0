import { FIXES_PIN } from "../format/page.ts";
import { sequenceOf } from "../format/position.ts";
import { accountOf } from "../ledger/state.ts";
import { openPage } from "./open-page.ts";
import { BAD, MENDED, NONE } from "./page-table.ts";
import type { Storage } from "./ring.ts";
import { verifyPage } from "./seal.ts";

/**
 * Checks page `index` if it waits to be sent, so that decay is known long before that, and a page whose header decays while it is
 * written is closed in time. A page that failed once is not checked again before it is read.
 */
export function scrubPage(storage: Storage, index: number): void {
  const table = storage.ring.table;
  const sequence = table.sequences[index];
  if (sequence === NONE || sequence >= BAD || table.owners[index] === FIXES_PIN) return;
  const cursor = accountOf(storage.ledger, table.owners[index]).cursor;
  if (cursor > 0 && ((sequenceOf(cursor) - sequence) | 0) > 0) return;
  const page = openPage(storage, index);
  if (page && page.sealed && table.checks[index] < MENDED) verifyPage(storage.ring.region, page, table.checks);
}
