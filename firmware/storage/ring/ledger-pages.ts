/** What the ledger needs of the ring: pages for its fixes, and what pins still have. */
import { HEADER_AT } from "../format/page.ts";
import { pagesNeeded } from "../geometry.ts";
import { type LedgerPages, PIN_CONFIGURED, PIN_DRAINS, PIN_GONE } from "../ledger/archive.ts";
import type { Extent } from "./extent.ts";
import type { RingParts } from "./parts.ts";
import { openReader } from "./reader.ts";
import type { Space } from "./space.ts";

/** Raw time of the oldest pending sample of a pin, as in `LedgerPages.pendingFromRawMs`. */
function headRawMs(parts: RingParts, pin: number): number {
  "on demand";
  const cursor = parts.ledger.cursor(pin);
  const s = parts.streamOf(pin);
  if (s && s.head && s.head.position === cursor) return s.head.rawMs;
  const run = openReader(parts, pin, cursor, Infinity);
  if (run.next() > 0) return run.rawMs[0];
  return run.corrupt > 0 ? 0 : Infinity;
}

export function createLedgerPages(
  parts: RingParts,
  space: Pick<Space, "take">,
  extent: Pick<Extent, "totals">,
): LedgerPages {
  "on demand";
  const region = parts.region;
  const table = parts.table;
  const ledger = parts.ledger;
  return {
    region: region,
    table: table,
    take: space.take,
    pagesMax: region.pages - pagesNeeded(Object.keys(parts.streams).length) + 1,
    pendingFromRawMs() {
      const pins = table.pins();
      let firstRawMs = Infinity;
      for (let i = 0; i < pins.length; i++) firstRawMs = Math.min(firstRawMs, headRawMs(parts, pins[i]));
      return firstRawMs;
    },
    dismiss(pin) {
      if (parts.streamOf(pin)) return PIN_CONFIGURED;
      const totals = extent.totals(pin);
      if (totals.pending > 0) return PIN_DRAINS;
      let index = table.newest(pin);
      if (index >= 0 && totals.missed + totals.failed > 0) ledger.retire(pin, totals.missed, totals.failed);
      for (; index >= 0; index = table.newest(pin)) {
        region.flash.write(new Uint8Array(4), region.address + index * region.pageBytes + HEADER_AT.crc);
        table.forget(index);
      }
      return PIN_GONE;
    },
  };
}
