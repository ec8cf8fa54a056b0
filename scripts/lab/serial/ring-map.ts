/** A region of a real device as the map shows it: from the pages' headers and the ledger's cursors. */
import { sequenceOf } from "../../../firmware/storage/format/position.ts";
import { bankPagesOf } from "../../../firmware/storage/geometry.ts";
import type { StoredData } from "../../console/stored-data/stored-samples.ts";
import { readPages } from "../engine/region-pages.ts";
import type { FlashView } from "../protocol.ts";

/** How often pages were erased, and what was programmed in all, the flash doesn't tell: those are 0, and so is the checksum. */
export function ringMap(data: StoredData): FlashView {
  const { region, image } = data.copy;
  const bytes = image.read(region.bytes, region.address);
  const { pages, found } = readPages({ bytes, wear: undefined }, region.pageBytes, 2 * bankPagesOf(region.pageBytes));
  for (const { shown, pin, sequence } of found) {
    const isNewest = !found.some((other) => other.pin === pin && other.sequence > sequence);
    const settled = sequenceOf(data.ledger.cursor(pin));
    shown.state = isNewest ? "open" : sequence < settled ? "delivered" : "sealed";
  }
  return { pages, bytesPerSample: 0, erases: 0, programs: 0, crc32: 0 };
}
