/** The pages of a region, as far as their own bytes say what they are. */
import { HEADER_AT, HEADER_BYTES, headerKind } from "../../../firmware/storage/format/page.ts";
import { crc32 } from "../../simulator/espruino/bytes.ts";
import type { FlashPage } from "../protocol.ts";

/** A page of samples. What the map shows of it, and whose it is. */
export interface RingPage {
  shown: FlashPage;
  bytes: Uint8Array;
  pin: number;
  sequence: number;
  /** Samples of its pin before it. */
  samplesBefore: number;
}

/** All pages for the map, and those of samples, whose state is still to be told. `ledgerPages` come first. */
export function readPages(
  region: { bytes: Uint8Array; wear: ArrayLike<number> | undefined },
  pageBytes: number,
  ledgerPages: number,
): { pages: FlashPage[]; found: RingPage[] } {
  const found: RingPage[] = [];
  const pages: FlashPage[] = [];
  for (let page = 0; page * pageBytes < region.bytes.length; page++) {
    const bytes = region.bytes.subarray(page * pageBytes, (page + 1) * pageBytes);
    const shown: FlashPage = { state: "blank", filled: filledOf(bytes), wear: region.wear?.[page] ?? 0 };
    pages.push(shown);
    if (shown.filled === 0) continue;
    if (page < ledgerPages) shown.state = "ledger";
    else readRingPage(bytes, shown, found);
  }
  return { pages, found };
}

/** Share of the page up to its last byte that is not blank. */
function filledOf(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0xff) end--;
  return end / bytes.length;
}

function readRingPage(bytes: Uint8Array, shown: FlashPage, found: RingPage[]): void {
  const header = bytes.slice(0, HEADER_BYTES);
  const kind = headerKind(crc32, header);
  shown.state = kind === "fixes" || kind === "foreign" ? kind : "spoilt";
  if (kind !== "ours") return;
  const view = new DataView(header.buffer);
  const pin = view.getUint8(HEADER_AT.pin);
  const sequence = view.getUint32(HEADER_AT.sequence, true);
  shown.pin = `v${pin}`;
  shown.sequence = sequence;
  found.push({ shown, bytes, pin, sequence, samplesBefore: view.getUint32(HEADER_AT.samplesBefore, true) });
}
