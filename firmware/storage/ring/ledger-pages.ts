/** What the ledger needs of the ring: pages for its fixes, and what pins still have. */
import { HEADER_AT } from "../format/page.ts";
import type { RawMs } from "../format/times.ts";
import { pagesNeeded } from "../geometry.ts";
import { type LedgerPages, PIN_CONFIGURED, PIN_DRAINS, PIN_GONE } from "../ledger/archive.ts";
import { accountOf } from "../ledger/state.ts";
import { retireReadings } from "../ledger/writing.ts";
import { totalsOf } from "./extent.ts";
import { streamOf } from "./open-page.ts";
import { forgetPage, newestPage, pageFrom, pinsOf } from "./page-table.ts";
import { openReader } from "./reader.ts";
import type { Storage } from "./ring.ts";
import { takeFreePage } from "./space.ts";

/** Raw time of the oldest pending sample of a pin, as in `LedgerPages.pendingFromRawMs`. */
function headRawMs(storage: Storage, pin: number): RawMs {
  "on demand";
  const cursor = accountOf(storage.ledger, pin).cursor;
  const s = streamOf(storage, pin);
  if (s && s.head && s.head.position === cursor) return s.head.rawMs;
  const run = openReader(storage, pin, cursor, Infinity);
  if (run.next() > 0) return run.rawMs[0];
  return run.corrupt > 0 ? 0 : Infinity;
}

function pendingFromRawMs(storage: Storage): RawMs {
  "on demand";
  const pins = pinsOf(storage);
  let firstRawMs = Infinity;
  for (let i = 0; i < pins.length; i++) firstRawMs = Math.min(firstRawMs, headRawMs(storage, pins[i]));
  return firstRawMs;
}

/** As `LedgerPages.dismiss`. */
function dismissPin(storage: Storage, pin: number): number {
  "on demand";
  const table = storage.ring.table;
  const region = storage.ring.region;
  if (streamOf(storage, pin)) return PIN_CONFIGURED;
  const totals = totalsOf(storage, pin);
  if (totals.pending > 0) return PIN_DRAINS;
  let index = newestPage(table, pin);
  if (index >= 0 && totals.missed + totals.failed > 0) {
    retireReadings(storage.ledger, pin, totals.missed, totals.failed);
  }
  for (; index >= 0; index = newestPage(table, pin)) {
    region.flash.write(new Uint8Array(4), region.address + index * region.pageBytes + HEADER_AT.crc);
    forgetPage(table, index);
  }
  return PIN_GONE;
}

/** For `Ledger.openPages`. Made anew for each use, and let go after it: its functions take JsVars only while it lasts. */
export function openLedgerPages(storage: Storage): LedgerPages {
  "on demand";
  const region = storage.ring.region;
  const table = storage.ring.table;
  return {
    region,
    sequences: table.sequences,
    pageFrom: (pin, sequence) => pageFrom(table, pin, sequence),
    take: (page) => takeFreePage(storage, page),
    pagesMax: region.pages - pagesNeeded(Object.keys(storage.ring.streams).length) + 1,
    pendingFromRawMs: () => pendingFromRawMs(storage),
    dismiss: (pin) => dismissPin(storage, pin),
  };
}
