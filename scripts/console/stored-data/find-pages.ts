import { CRC_RESIDUE } from "../../../firmware/storage/format/crc.ts";
import { HEADER_BYTES, headerKind as ringHeaderKind } from "../../../firmware/storage/format/page.ts";
import { BANK_HEADER_BYTES } from "../../../firmware/storage/ledger/banks.ts";
import { crc32 } from "./flash-image.ts";

/** A page or a ledger bank of this firmware, of any version of the format. */
export interface FoundPage {
  /** Offset of its header. */
  at: number;
  kind: "ledger" | "ring";
}

/** Every page with a whole header, wherever it lies: the headers' CRCs leave no room for chance. Lowest offset first. */
export function findPages(bytes: Uint8Array): FoundPage[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: FoundPage[] = [];
  for (let at = buffer.indexOf("EB"); at >= 0; at = buffer.indexOf("EB", at + 1)) {
    const letter = buffer[at + 2];
    if (letter === 0x4c) {
      const header = bytes.slice(at, at + BANK_HEADER_BYTES);
      if (header.length === BANK_HEADER_BYTES && crc32(header) === CRC_RESIDUE) found.push({ at, kind: "ledger" });
    } else if (letter === 0x52 || letter === 0x46) {
      const header = bytes.slice(at, at + HEADER_BYTES);
      if (header.length === HEADER_BYTES && ringHeaderKind(crc32, header) !== "none") found.push({ at, kind: "ring" });
    }
  }
  return found;
}

/**
 * Where the region of these pages begins, relative to the same place as their offsets: negative when the beginning is
 * missing. Undefined when the ledger's banks say nothing: both are lost, or there are more than two.
 */
export function regionStartOf(found: FoundPage[], bankBytes: number): number | undefined {
  const [first, second, ...more] = found.filter((page) => page.kind === "ledger").map((page) => page.at);
  if (first === undefined || more.length > 0) return undefined;
  if (second !== undefined) return second - first === bankBytes ? first : undefined;
  // Only one bank was written, or is whole. The ring stands right behind the second.
  const isSecond = found.some((page) => page.kind === "ring" && page.at === first + bankBytes);
  return isSecond ? first - bankBytes : first;
}
