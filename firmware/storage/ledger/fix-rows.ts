import type { RawMs } from "../format/times.ts";
import { FIX_AT, getFix } from "./entries.ts";
import type { Fix } from "./ledger-types.ts";

/**
 * Fixes, oldest first, as rows of bytes that are laid out as in a FIX entry. Sixteen rows take some 35 JsVars; as objects they
 * took 176.
 */
export interface FixTable {
  length: number;
  view: DataView;
  /** Raw time of the last fix in the archive, where older ones lie; 0 when it has none. */
  archivedMs: RawMs;
}

/** Room grows by this many rows at once. */
const STEP_ROWS = 8;

export function createFixTable(): FixTable {
  return { length: 0, view: new DataView(new Uint8Array(STEP_ROWS * FIX_AT.bytes).buffer), archivedMs: 0 };
}

/** A copy of row `index`. */
export function fixAt(table: FixTable, index: number): Fix {
  return getFix(table.view, index * FIX_AT.bytes);
}

/** Adds the fix that lies at `at` in `payload`. */
export function addFixRow(table: FixTable, payload: DataView, at: number): void {
  const bytes = table.length * FIX_AT.bytes;
  if (bytes === table.view.byteLength) {
    const longer = new Uint8Array(bytes + STEP_ROWS * FIX_AT.bytes);
    longer.set(new Uint8Array(table.view.buffer));
    table.view = new DataView(longer.buffer);
  }
  new Uint8Array(table.view.buffer, bytes).set(new Uint8Array(payload.buffer, payload.byteOffset + at, FIX_AT.bytes));
  table.length++;
}

/** Removes row `index`, and gives back a room of two steps that is empty. */
export function removeFixRow(table: FixTable, index: number): void {
  const bytes = FIX_AT.bytes;
  const buffer = table.view.buffer;
  table.length--;
  // Source and target overlap, which `set` allows, also on Espruino (jswrap_arraybuffer.c; read).
  if (index < table.length) {
    new Uint8Array(buffer, index * bytes).set(new Uint8Array(buffer, (index + 1) * bytes));
  }
  const room = (table.length + STEP_ROWS) * bytes;
  if (buffer.byteLength < room + STEP_ROWS * bytes) return;
  const shorter = new Uint8Array(room);
  shorter.set(new Uint8Array(buffer, 0, room));
  table.view = new DataView(shorter.buffer);
}
