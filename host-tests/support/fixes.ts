/** Fixes as lists of objects: the ledger keeps them as rows of bytes. */

import { FIX_KIND } from "../../firmware/clock/fix-kind.ts";
import { putFix } from "../../firmware/storage/ledger/entries.ts";
import { addFixRow, createFixTable, lookAtFixes } from "../../firmware/storage/ledger/fix-rows.ts";
import type { Fix, FixRows, Ledger } from "../../firmware/storage/ledger/ledger.ts";

/** All fixes of a ledger, oldest first. */
export function fixesOf(ledger: Pick<Ledger, "fixes">): Fix[] {
  const rows = ledger.fixes();
  return Array.from({ length: rows.length }, (_, i) => rows.at(i));
}

/** Rows of these fixes, as a ledger gives them; without a `kind` they are SNTP's. */
export function rowsOf(fixes: (Omit<Fix, "kind"> & { kind?: number })[]): FixRows {
  const rows = createFixTable();
  const payload = new DataView(new ArrayBuffer(32));
  for (const fix of fixes) {
    putFix(payload, { kind: FIX_KIND.sntp, ...fix });
    addFixRow(rows, payload, 0);
  }
  return lookAtFixes(rows, undefined);
}

/** Adds a fix that SNTP gave. */
export function addFix(ledger: Ledger, session: number, rawMs: number, trueMs: number, boundMs: number): Fix {
  return ledger.addFix({ session, rawMs, trueMs, boundMs, kind: FIX_KIND.sntp });
}
