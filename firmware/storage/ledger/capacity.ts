import { BANK_HEADER_BYTES, ENTRY_MAX, entryBytes } from "./banks.ts";
import { ACCOUNT_AT, ATTEMPT_AT, CHARGE_AT, FIX_AT, RETIRE_AT, STATE_AT } from "./entries.ts";
import { chargesMaxOf, fixesMaxOf } from "./state.ts";

/** How many pins' snapshot, with all lists full, fits a bank beside two more entries. */
export function ledgerPinsMax(bankBytes: number): number {
  const lists =
    fixesMaxOf(bankBytes) * entryBytes(FIX_AT.bytes) + chargesMaxOf(bankBytes) * entryBytes(CHARGE_AT.bytes);
  // Each pin may have an open attempt, which may hold one fix more.
  const eachPin =
    entryBytes(ACCOUNT_AT.bytes) +
    entryBytes(RETIRE_AT.bytes) +
    entryBytes(ATTEMPT_AT.bytes) +
    entryBytes(FIX_AT.bytes);
  const room = bankBytes - BANK_HEADER_BYTES - entryBytes(STATE_AT.bytes) - lists - 2 * ENTRY_MAX;
  return Math.floor(room / eachPin);
}
