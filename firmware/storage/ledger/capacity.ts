/** How a bank's bytes are shared out: what must fit, and how many fixes that leaves room for. */
import { BANK_HEADER_BYTES, entryBytes } from "./banks.ts";
import { ACCOUNT_AT, ATTEMPT_AT, CHARGE_AT, FIX_AT, FIXES_IN_ENTRY, SENT_AT, STATE_AT } from "./entries.ts";

/** Bounds of the lists. A bank of less than 2 kB has shorter ones. Each open attempt may hold one fix more. */
const FIXES_MAX = 16;
const CHARGES_MAX = 24;
const SMALL_MAX = 6;
const SMALL_BANK_BYTES = 2048;

/** Fixes that the list is thinned to, but for those that pending samples need. */
export function fixesMaxOf(bankBytes: number): number {
  return bankBytes < SMALL_BANK_BYTES ? SMALL_MAX : FIXES_MAX;
}

export function chargesMaxOf(bankBytes: number): number {
  return bankBytes < SMALL_BANK_BYTES ? SMALL_MAX : CHARGES_MAX;
}

/** Bytes that a bank with `pins` accounts has left for fixes, each with an open attempt, and two entries more. */
function fixBytesLeft(bankBytes: number, pins: number): number {
  return (
    bankBytes -
    BANK_HEADER_BYTES -
    entryBytes(STATE_AT.bytes) -
    chargesMaxOf(bankBytes) * entryBytes(CHARGE_AT.bytes) -
    pins * (entryBytes(ACCOUNT_AT.bytes) + entryBytes(ATTEMPT_AT.bytes)) -
    entryBytes(ATTEMPT_AT.bytes) -
    entryBytes(SENT_AT.bytes)
  );
}

/** Fixes that `bytes` of a snapshot hold. */
function fixesIn(bytes: number): number {
  const full = entryBytes(FIXES_IN_ENTRY * FIX_AT.bytes);
  const entries = Math.floor(bytes / full);
  let more = 0;
  while (more < FIXES_IN_ENTRY && entryBytes((more + 1) * FIX_AT.bytes) <= bytes - entries * full) more++;
  return entries * FIXES_IN_ENTRY + more;
}

/** Fixes that the list of a bank with `pins` accounts can hold when pending samples need them, beside one for each open attempt. */
export function fixesRoomOf(bankBytes: number, pins: number): number {
  const least = fixesMaxOf(bankBytes);
  return bankBytes < SMALL_BANK_BYTES ? least : Math.max(least, fixesIn(fixBytesLeft(bankBytes, pins)) - pins);
}

/** How many pins' snapshot, with all lists full, fits a bank beside two more entries. */
export function ledgerPinsMax(bankBytes: number): number {
  let pins = 0;
  while (fixesIn(fixBytesLeft(bankBytes, pins + 1)) >= fixesMaxOf(bankBytes) + pins + 1) pins++;
  return pins;
}
