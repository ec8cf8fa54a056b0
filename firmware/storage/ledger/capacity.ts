/** How a bank's bytes are shared out: what must fit, and how many fixes that leaves room for. */
import { BANK_HEADER_BYTES, entryBytes, PAYLOAD_AT } from "./banks.ts";
import { ACCOUNT_AT, ATTEMPT_AT, CHARGE_AT, FIX_AT, FIXES_IN_ENTRY, SENT_AT, STATE_AT } from "./entries.ts";

/** Bounds of the lists. A bank of less than 2 kB has shorter ones. Each open attempt may hold one fix more. */
const FIXES_MAX = 16;
const CHARGES_MAX = 24;
const SMALL_MAX = 6;
export const SMALL_BANK_BYTES = 2048;

/** Fixes that the list is thinned to, but for those that pending samples need. */
export function fixesMaxOf(bankBytes: number): number {
  return bankBytes < SMALL_BANK_BYTES ? SMALL_MAX : FIXES_MAX;
}

export function chargesMaxOf(bankBytes: number): number {
  return bankBytes < SMALL_BANK_BYTES ? SMALL_MAX : CHARGES_MAX;
}

/**
 * Fixes that the list of a bank with `pins` accounts can hold when pending samples need them, beside one for each open attempt.
 * What is left of the bank is for them: beside all lists full, an attempt of each pin, and two entries more.
 */
export function fixesRoomOf(bankBytes: number, pins: number): number {
  const bytes =
    bankBytes -
    BANK_HEADER_BYTES -
    entryBytes(STATE_AT.bytes) -
    chargesMaxOf(bankBytes) * entryBytes(CHARGE_AT.bytes) -
    pins * (entryBytes(ACCOUNT_AT.bytes) + entryBytes(ATTEMPT_AT.bytes)) -
    entryBytes(ATTEMPT_AT.bytes) -
    entryBytes(SENT_AT.bytes);
  const entry = entryBytes(FIXES_IN_ENTRY * FIX_AT.bytes);
  // A last, shorter entry: beside its fixes it has its head, CRC and commit word.
  const rest = Math.floor(((bytes % entry) - (entryBytes(0) - PAYLOAD_AT)) / FIX_AT.bytes);
  return Math.floor(bytes / entry) * FIXES_IN_ENTRY + Math.max(0, rest) - pins;
}

/** How many pins' snapshot, with all lists full, fits a bank beside two more entries. */
export function ledgerPinsMax(bankBytes: number): number {
  let pins = 0;
  while (fixesRoomOf(bankBytes, pins + 1) >= fixesMaxOf(bankBytes)) pins++;
  return pins;
}
