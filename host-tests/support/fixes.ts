/** Fixes as lists of objects: the ledger keeps them as rows of bytes. */

import { FIX_KIND } from "../../firmware/clock/fix-kind.ts";
import { putFix } from "../../firmware/storage/ledger/entries.ts";
import { addFixRow, createFixTable, fixAt } from "../../firmware/storage/ledger/fix-rows.ts";
import { type Fix, type Ledger, openLedger } from "../../firmware/storage/ledger/ledger.ts";
import type { WholeLedger } from "../../firmware/storage/whole-storage.ts";
import { createRegion } from "./region.ts";

type Row = Omit<Fix, "kind"> & { kind?: number };

/** All fixes of a ledger, oldest first. */
export function fixesOf({ data }: Pick<WholeLedger, "data">): Fix[] {
  const table = data.told.fixes;
  return Array.from({ length: table.length }, (_, i) => fixAt(table, i));
}

/** Adds a fix to the list of a ledger, and to nothing else. Without a `kind` it is SNTP's. */
export function pushFix(ledger: Ledger, fix: Row): void {
  const payload = new DataView(new ArrayBuffer(32));
  putFix(payload, { kind: FIX_KIND.sntp, ...fix });
  addFixRow(ledger.told.fixes, payload, 0);
}

/** An empty ledger. */
export function emptyLedger(): Ledger {
  return openLedger(createRegion(2, 4096).region, 1);
}

/** A ledger that knows these fixes. */
export function ledgerOf(fixes: Row[]): Ledger {
  const ledger = emptyLedger();
  ledger.told.fixes = createFixTable();
  for (const fix of fixes) pushFix(ledger, fix);
  return ledger;
}

/** Adds a fix that SNTP gave. */
export function addFix(ledger: WholeLedger, session: number, rawMs: number, trueMs: number, boundMs: number): Fix {
  return ledger.addFix({ session, rawMs, trueMs, boundMs, kind: FIX_KIND.sntp });
}
