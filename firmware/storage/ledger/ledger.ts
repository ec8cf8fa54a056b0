/** What the server was told, and what it may still be told. reading.ts looks things up in it, writing.ts adds to it. */
import type { FlashRegion } from "../../platform/ports.ts";
import type { LedgerPages } from "./archive.ts";
import { type BankState, createBankState, ENTRY_MAX, openBanks, PAYLOAD_AT, readBanks } from "./banks.ts";
import { writeSnapshot } from "./snapshot.ts";
import { createLedgerState, type LedgerState, openApply } from "./state.ts";

export { isAhead } from "../format/position.ts";
export { GONE_PIN } from "./account.ts";
export {
  type Attempt,
  type Charge,
  type Counters,
  type DropReason,
  FAIL_CAUSE,
  type Fix,
  type Mark,
  type Mistakes,
  type Settlement,
  TROUBLES_AT,
} from "./ledger-types.ts";

/** Plain data, which stays in memory while functions come and go. `recordBoot` comes before anything else is recorded. */
export interface Ledger {
  region: FlashRegion;
  bankPages: number;
  /** Bytes of the entry in hand. */
  entry: Uint8Array;
  /** What all entries say. Only `record` changes it. */
  told: LedgerState;
  /** Where the next entry goes. */
  end: BankState;
  /**
   * Gives the pages where fixes go that the bank has no room for. Until a ring sets it, all fixes are needed, there are no such
   * pages, and all pins are configured.
   */
  openPages: (() => LedgerPages) | undefined;
}

/** Reads the ledger on the first 2 × `bankPages` pages of the region. Nothing is written. */
export function openLedger(region: FlashRegion, bankPages: number): Ledger {
  const bankBytes = bankPages * region.pageBytes;
  const ledger: Ledger = {
    region,
    bankPages,
    entry: new Uint8Array(ENTRY_MAX),
    told: createLedgerState(bankBytes),
    end: createBankState(),
    openPages: undefined,
  };
  readBanks(ledger, openApply(ledger.told, bankBytes));
  return ledger;
}

/** Puts the entry whose payload is in hand on flash, read back. Throws when the flash fails. */
function appendEntry(ledger: Ledger, kind: number, payloadBytes: number): void {
  "on demand";
  const payload = payloadOf(ledger);
  const banks = openBanks(ledger, () => writeSnapshot(ledger.told, payload, banks.append));
  banks.append(kind, payloadBytes);
}

/** Appends the entry whose payload is in hand, and only then believes it. Throws when the flash fails. */
export function record(ledger: Ledger, kind: number, payloadBytes: number): void {
  appendEntry(ledger, kind, payloadBytes);
  ledger.entry.fill(0, PAYLOAD_AT + payloadBytes);
  openApply(ledger.told, bankBytesOf(ledger))(kind, payloadOf(ledger));
}

/** Where the payload of the entry in hand lies. */
export function payloadOf(ledger: Ledger): DataView {
  return new DataView(ledger.entry.buffer, PAYLOAD_AT);
}

export function bankBytesOf(ledger: Ledger): number {
  return ledger.bankPages * ledger.region.pageBytes;
}
