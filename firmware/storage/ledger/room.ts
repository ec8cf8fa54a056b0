/** How the ledger makes room in its bank: fixes move to pages of the ring, and accounts of pins that are gone become one. */
import { GONE_PIN } from "./account.ts";
import { type LedgerPages, openArchive, PIN_CONFIGURED, PIN_DRAINS, PIN_GONE } from "./archive.ts";
import { ledgerPinsMax } from "./capacity.ts";
import { FIX_AT, FOLD, FOLD_AT, PIN_AT, putFix, UNFIX, UNFIX_AT } from "./entries.ts";
import { fixAt, removeFixRow } from "./fix-rows.ts";
import { addFixes, openOutgoing } from "./fixes.ts";
import type { LedgerState } from "./state.ts";

/** What room is made with. */
export interface Room {
  state: LedgerState;
  bankBytes: number;
  /** The ring's, once there is one. */
  pages: LedgerPages | undefined;
  payload: DataView;
  /** Appends the entry that the payload holds, and then believes it. */
  record(kind: number, payloadBytes: number): void;
}

/** Takes in what the archive says of ids, sessions and raw times. */
export function enterArchive(state: LedgerState, pages: LedgerPages, payload: DataView): void {
  "on demand";
  const last = openArchive(pages).last();
  if (!last) return;
  state.fixes.archivedMs = last.rawMs;
  putFix(payload, last);
  addFixes(state, payload, 1);
  removeFixRow(state.fixes, state.fixes.length - 1);
}

/** Moves fixes to the archive until the list has room for one of `session`. What can't be moved stays, and may be let go. */
export function moveFixes(room: Room, session: number): void {
  "on demand";
  const state = room.state;
  const fixes = state.fixes;
  if (!room.pages) return;
  const archive = openArchive(room.pages);
  const nextOutgoing = openOutgoing(state, room.bankBytes, session);
  for (;;) {
    const outgoing = nextOutgoing();
    if (!outgoing) return;
    const fix = fixAt(fixes, outgoing.index);
    if (outgoing.archive) {
      const bytes = new Uint8Array(fixes.view.buffer, outgoing.index * FIX_AT.bytes, FIX_AT.bytes);
      if (!archive.append(fix, bytes, fixes)) return;
      fixes.archivedMs = fix.rawMs;
    } else {
      room.payload.setUint32(UNFIX_AT.id, fix.id, true);
      room.record(UNFIX, UNFIX_AT.bytes);
    }
  }
}

/** Before a pin gets its first entry: others' accounts are folded when there is no room for one more. */
export function foldPins(room: Room, pin: number): void {
  "on demand";
  const state = room.state;
  const pages = room.pages;
  if (state.accounts[pin] || !pages) return;
  for (const pinsMax = ledgerPinsMax(room.bankBytes); ; ) {
    const pins = Object.keys(state.accounts).map(Number);
    if (pins.length < pinsMax) return;
    let use = PIN_CONFIGURED;
    let i = 0;
    // If none is gone, one with samples has to go.
    for (let worst = PIN_GONE; worst <= PIN_DRAINS && use > worst; worst++) {
      for (i = 0; i < pins.length && use > worst; i++) {
        use = pins[i] === GONE_PIN ? PIN_CONFIGURED : pages.dismiss(pins[i]);
      }
    }
    if (use === PIN_CONFIGURED) return;
    room.payload.setUint8(PIN_AT, pins[i - 1]);
    room.payload.setUint8(FOLD_AT.forgets, use);
    room.record(FOLD, FOLD_AT.bytes);
  }
}
