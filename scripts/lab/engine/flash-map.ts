/** The flash as a map: what each page of the region is, read from its bytes. */

import { CRC_RESIDUE } from "../../../firmware/storage/format/crc.ts";
import { SEAL_AT, WORDS_AT } from "../../../firmware/storage/format/page.ts";
import { crc32 } from "../../simulator/espruino/bytes.ts";
import { LEDGER_PAGES, PAGE_BYTES } from "../../simulator/partitions.ts";
import type { FlashView } from "../protocol.ts";
import { type FlashImage, ringBytesOf } from "./journal/flash-journal.ts";
import type { PinJournal } from "./journal/sample-journal.ts";
import { type RingPage, readPages } from "./region-pages.ts";

/** FORMAT.md, "Ring page": the seal, with its count of samples first and its CRC last. */
const SEAL_BYTES = WORDS_AT - SEAL_AT;

/** `pins`: by pin number. `sampled`: samples until the moment. */
export function flashView(image: FlashImage, pins: Map<number, PinJournal>, sampled: number, atMs: number): FlashView {
  const { pages, found } = readPages(image, PAGE_BYTES, LEDGER_PAGES);
  for (const page of found) {
    const { pin, sequence, samplesBefore, shown } = page;
    const journal = pins.get(pin);
    const later = found.filter((one) => one.pin === pin && one.sequence > sequence);
    const sealedAt = sealedEndOf(page);
    const end = Math.min(sealedAt ?? journal?.countAt(atMs) ?? samplesBefore, ...later.map((one) => one.samplesBefore));
    shown.samples = Math.max(0, end - samplesBefore);
    // A cut may leave a page without its seal; it takes no more samples then.
    const isOpen = sealedAt === undefined && later.length === 0;
    const isDelivered = journal?.isSettled(samplesBefore, end, atMs) === true;
    shown.state = isOpen ? "open" : isDelivered ? "delivered" : "sealed";
  }
  return {
    pages,
    crc32: crc32(image.bytes),
    bytesPerSample: sampled === 0 ? 0 : ringBytesOf(image) / sampled,
    erases: image.erases,
    programs: image.programs,
  };
}

/** Number of the sample behind its last one; undefined without a seal. */
function sealedEndOf({ bytes, samplesBefore }: RingPage): number | undefined {
  const seal = bytes.slice(SEAL_AT, SEAL_AT + SEAL_BYTES);
  return crc32(seal) === CRC_RESIDUE ? samplesBefore + seal[0] + 256 * seal[1] : undefined;
}
