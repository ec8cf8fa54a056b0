import { get48 } from "../format/int48.ts";
import { FIX_AT, getFix } from "./entries.ts";
import type { Fix } from "./ledger-types.ts";

/**
 * Fixes, oldest first, as rows of bytes that are laid out as in a FIX entry. Sixteen rows take some 35 JsVars; as objects they
 * took 176.
 */
export interface FixRows {
  length: number;
  view: DataView;
}

/** Room grows by this many rows at once. */
const STEP_ROWS = 8;

export function createFixRows(): FixRows {
  return { length: 0, view: new DataView(new Uint8Array(STEP_ROWS * FIX_AT.bytes).buffer) };
}

/** The bytes of the rows from offset `start` on. */
function bytesOf(rows: FixRows, start: number): Uint8Array {
  return new Uint8Array(rows.view.buffer, start);
}

/** A copy of row `index`. */
export function fixAt(rows: FixRows, index: number): Fix {
  return getFix(rows.view, index * FIX_AT.bytes);
}

/** Raw time of row `index`. */
export function fixRawMs(rows: FixRows, index: number): number {
  return get48(rows.view, index * FIX_AT.bytes + FIX_AT.rawMs);
}

/** Adds the fix that lies at `at` in `payload`. */
export function addFixRow(rows: FixRows, payload: DataView, at: number): void {
  const start = rows.length * FIX_AT.bytes;
  if (start === rows.view.byteLength) {
    const longer = new Uint8Array(start + STEP_ROWS * FIX_AT.bytes);
    longer.set(new Uint8Array(rows.view.buffer, 0, start));
    rows.view = new DataView(longer.buffer);
  }
  bytesOf(rows, start).set(new Uint8Array(payload.buffer, payload.byteOffset + at, FIX_AT.bytes));
  rows.length++;
}

/** Removes row `index`, and gives back a room of two steps that is empty. */
export function removeFixRow(rows: FixRows, index: number): void {
  const bytes = FIX_AT.bytes;
  rows.length--;
  // Source and target overlap, which `set` allows, also on Espruino (jswrap_arraybuffer.c; read).
  if (index < rows.length) bytesOf(rows, index * bytes).set(bytesOf(rows, (index + 1) * bytes));
  const room = rows.length * bytes + STEP_ROWS * bytes;
  if (rows.view.byteLength < room + STEP_ROWS * bytes) return;
  const shorter = new Uint8Array(room);
  shorter.set(new Uint8Array(rows.view.buffer, 0, room));
  rows.view = new DataView(shorter.buffer);
}
