import type { RawMs } from "../format/times.ts";
import { type LedgerPages, openArchive } from "./archive.ts";
import { FIX_AT, getFix } from "./entries.ts";
import type { Fix } from "./ledger-types.ts";

/**
 * Fixes, oldest first, as rows of bytes that are laid out as in a FIX entry. Sixteen rows take some 35 JsVars; as objects they
 * took 176.
 */
export interface FixRows {
  length: number;
  view: DataView;
  /** A copy of row `index`. */
  at(index: number): Fix;
  /** Raw time of the last fix in the archive, where older ones lie; 0 when it has none. */
  archivedMs: RawMs;
  /** The pages of the archive, which `openArchive` takes. */
  pages: LedgerPages | undefined;
  /** As `Archive.around`. */
  around(rawMs: RawMs): Fix[];
}

/** Room grows by this many rows at once. */
const STEP_ROWS = 8;

export function createFixRows(): FixRows {
  const rows: FixRows = {
    length: 0,
    view: new DataView(new Uint8Array(STEP_ROWS * FIX_AT.bytes).buffer),
    at(index) {
      return getFix(rows.view, index * FIX_AT.bytes);
    },
    archivedMs: 0,
    pages: undefined,
    around(rawMs) {
      return rows.pages ? openArchive(rows.pages).around(rawMs) : [];
    },
  };
  return rows;
}

/** Adds the fix that lies at `at` in `payload`. */
export function addFixRow(rows: FixRows, payload: DataView, at: number): void {
  const bytes = rows.length * FIX_AT.bytes;
  if (bytes === rows.view.byteLength) {
    const longer = new Uint8Array(bytes + STEP_ROWS * FIX_AT.bytes);
    longer.set(new Uint8Array(rows.view.buffer));
    rows.view = new DataView(longer.buffer);
  }
  new Uint8Array(rows.view.buffer, bytes).set(new Uint8Array(payload.buffer, payload.byteOffset + at, FIX_AT.bytes));
  rows.length++;
}

/** Removes row `index`, and gives back a room of two steps that is empty. */
export function removeFixRow(rows: FixRows, index: number): void {
  const bytes = FIX_AT.bytes;
  const buffer = rows.view.buffer;
  rows.length--;
  // Source and target overlap, which `set` allows, also on Espruino (jswrap_arraybuffer.c; read).
  if (index < rows.length) {
    new Uint8Array(buffer, index * bytes).set(new Uint8Array(buffer, (index + 1) * bytes));
  }
  const room = (rows.length + STEP_ROWS) * bytes;
  if (buffer.byteLength < room + STEP_ROWS * bytes) return;
  const shorter = new Uint8Array(room);
  shorter.set(new Uint8Array(buffer, 0, room));
  rows.view = new DataView(shorter.buffer);
}
