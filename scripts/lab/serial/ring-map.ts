/** A region of a real device as the map shows it: from the pages' headers and the ledger's cursors. */
import { HEADER_AT, HEADER_BYTES, headerKind } from "../../../firmware/storage/format/page.ts";
import { sequenceOf } from "../../../firmware/storage/format/position.ts";
import { bankPagesOf } from "../../../firmware/storage/geometry.ts";
import { crc32 } from "../../console/stored-data/flash-image.ts";
import type { StoredData } from "../../console/stored-data/stored-samples.ts";
import type { FlashPage, FlashView } from "../protocol.ts";

interface RingPage {
  shown: FlashPage;
  pin: number;
  sequence: number;
}

/** How often pages were erased, and what was programmed in all, the flash doesn't tell: those are 0, and so is the checksum. */
export function ringMap(data: StoredData): FlashView {
  const { region, image } = data.copy;
  const found: RingPage[] = [];
  const pages: FlashPage[] = [];
  const ledgerPages = 2 * bankPagesOf(region.pageBytes);
  for (let page = 0; page * region.pageBytes < region.bytes; page++) {
    const bytes = image.read(region.pageBytes, region.address + page * region.pageBytes);
    const shown: FlashPage = { state: "blank", filled: filledOf(bytes), wear: 0 };
    pages.push(shown);
    if (shown.filled === 0) continue;
    if (page < ledgerPages) shown.state = "ledger";
    else readHeader(bytes, shown, found);
  }
  for (const { shown, pin, sequence } of found) {
    const isNewest = !found.some((other) => other.pin === pin && other.sequence > sequence);
    const settled = sequenceOf(data.ledger.cursor(pin));
    shown.state = isNewest ? "open" : sequence < settled ? "delivered" : "sealed";
  }
  return { pages, bytesPerSample: 0, erases: 0, programs: 0, crc32: 0 };
}

function readHeader(bytes: Uint8Array, shown: FlashPage, found: RingPage[]): void {
  const header = bytes.slice(0, HEADER_BYTES);
  const kind = headerKind(crc32, header);
  shown.state = kind === "fixes" || kind === "foreign" ? kind : "spoilt";
  if (kind !== "ours") return;
  const view = new DataView(header.buffer);
  const pin = view.getUint8(HEADER_AT.pin);
  const sequence = view.getUint32(HEADER_AT.sequence, true);
  shown.pin = `v${pin}`;
  shown.sequence = sequence;
  found.push({ shown, pin, sequence });
}

/** Share of the page up to its last byte that is not blank. */
function filledOf(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0xff) end--;
  return end / bytes.length;
}
