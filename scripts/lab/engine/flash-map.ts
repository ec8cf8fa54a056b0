/** The flash as a map: what each page of the region is, read from its bytes. */

import { CRC_RESIDUE } from "../../../firmware/storage/format/crc.ts";
import { HEADER_AT, HEADER_BYTES, headerKind, SEAL_AT, WORDS_AT } from "../../../firmware/storage/format/page.ts";
import { crc32 } from "../../simulator/espruino/bytes.ts";
import { LEDGER_PAGES, PAGE_BYTES } from "../../simulator/partitions.ts";
import type { FlashPage, FlashView } from "../protocol.ts";
import { type FlashImage, ringBytesOf } from "./journal/flash-journal.ts";
import type { PinJournal } from "./journal/sample-journal.ts";

/** FORMAT.md, "Ring page": the seal, with its count of samples first and its CRC last. */
const SEAL_BYTES = WORDS_AT - SEAL_AT;

/** `pins`: by pin number. `sampled`: samples until the moment. */
export function flashView(image: FlashImage, pins: Map<number, PinJournal>, sampled: number, atMs: number): FlashView {
  const found: RingPage[] = [];
  const pages: FlashPage[] = [];
  for (let page = 0; page * PAGE_BYTES < image.bytes.length; page++) {
    const bytes = image.bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
    const shown: FlashPage = { state: "blank", filled: filledOf(bytes), wear: image.wear[page] };
    pages.push(shown);
    if (shown.filled === 0) continue;
    if (page < LEDGER_PAGES) shown.state = "ledger";
    else readRingPage(bytes, shown, found);
  }
  for (const page of found) {
    const journal = pins.get(page.pin);
    const next = found.filter((one) => one.pin === page.pin && one.sequence > page.sequence).map((one) => one.before);
    const end = Math.min(page.end ?? journal?.countAt(atMs) ?? page.before, ...next);
    page.shown.samples = Math.max(0, end - page.before);
    // A cut may leave a page without its seal; it takes no more samples then.
    const isOpen = page.end === undefined && next.length === 0;
    const isDelivered = journal?.isSettled(page.before, end, atMs) === true;
    page.shown.state = isOpen ? "open" : isDelivered ? "delivered" : "sealed";
  }
  return {
    pages,
    crc32: crc32(image.bytes),
    bytesPerSample: sampled === 0 ? 0 : ringBytesOf(image) / sampled,
    erases: image.erases,
    programs: image.programs,
  };
}

/** Numbers of its samples: from `before` to before `end`, which is not known without a seal. */
interface RingPage {
  shown: FlashPage;
  pin: number;
  sequence: number;
  before: number;
  end: number | undefined;
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
  const before = view.getUint32(HEADER_AT.samplesBefore, true);
  const seal = bytes.slice(SEAL_AT, SEAL_AT + SEAL_BYTES);
  const end = crc32(seal) === CRC_RESIDUE ? before + seal[0] + 256 * seal[1] : undefined;
  shown.pin = `v${pin}`;
  shown.sequence = sequence;
  found.push({ shown, pin, sequence, before, end });
}
