/** How the ledger makes room in its bank: fixes move to pages of the ring, and accounts of pins that are gone become one. */
import { GONE_PIN } from "./account.ts";
import { type LedgerPages, openArchive, PIN_CONFIGURED, PIN_DRAINS, PIN_GONE } from "./archive.ts";
import { ledgerPinsMax } from "./capacity.ts";
import { FIX_AT, FOLD, FOLD_AT, PIN_AT, putFix, UNFIX, UNFIX_AT } from "./entries.ts";
import { fixAt, removeFixRow } from "./fix-rows.ts";
import { addFixes, openOutgoing } from "./fixes.ts";
import { bankBytesOf, type Ledger, payloadOf, record } from "./ledger.ts";

/** Takes in what the archive says of ids, sessions and raw times. To be called once, when `openPages` is set. */
export function enterArchive(ledger: Ledger): void {
  "on demand";
  const state = ledger.told;
  const last = openArchive((ledger.openPages as () => LedgerPages)()).last();
  if (!last) return;
  const payload = payloadOf(ledger);
  state.fixes.archivedMs = last.rawMs;
  putFix(payload, last);
  addFixes(state, payload, 1);
  removeFixRow(state.fixes, state.fixes.length - 1);
}

/** Moves fixes to the archive until the list has room for one of `session`. What can't be moved stays, and may be let go. */
export function moveFixes(ledger: Ledger, session: number): void {
  "on demand";
  const state = ledger.told;
  const fixes = state.fixes;
  const pages = ledger.openPages ? ledger.openPages() : undefined;
  if (!pages || pages.pagesMax === -Infinity) return;
  const archive = openArchive(pages);
  const nextOutgoing = openOutgoing(state, bankBytesOf(ledger), session);
  for (;;) {
    const outgoing = nextOutgoing();
    if (!outgoing) return;
    const fix = fixAt(fixes, outgoing.index);
    if (outgoing.archive) {
      const bytes = new Uint8Array(fixes.view.buffer, outgoing.index * FIX_AT.bytes, FIX_AT.bytes);
      if (!archive.append(fix, bytes, fixes)) return;
      fixes.archivedMs = fix.rawMs;
    } else {
      payloadOf(ledger).setUint32(UNFIX_AT.id, fix.id, true);
      record(ledger, UNFIX, UNFIX_AT.bytes);
    }
  }
}

/** Before a pin gets its first entry: others' accounts are folded when there is no room for one more. */
export function foldPins(ledger: Ledger, pin: number): void {
  if (!ledger.told.accounts[pin] && ledger.openPages) foldOthers(ledger, ledger.openPages());
}

function foldOthers(ledger: Ledger, pages: LedgerPages): void {
  "on demand";
  const state = ledger.told;
  if (pages.pagesMax === -Infinity) return;
  const payload = payloadOf(ledger);
  for (const pinsMax = ledgerPinsMax(bankBytesOf(ledger)); ; ) {
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
    payload.setUint8(PIN_AT, pins[i - 1]);
    payload.setUint8(FOLD_AT.forgets, use);
    record(ledger, FOLD, FOLD_AT.bytes);
  }
}
