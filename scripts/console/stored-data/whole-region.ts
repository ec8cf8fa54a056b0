import { HEADER_AT, HEADER_BYTES, headerKind, mendHeader } from "../../../firmware/storage/format/page.ts";
import { sequenceOf } from "../../../firmware/storage/format/position.ts";
import { bankPagesOf } from "../../../firmware/storage/geometry.ts";
import { counted } from "../../build/counted.ts";
import { findPages } from "./find-pages.ts";
import { crc32 } from "./flash-image.ts";
import { pinsOf, type StoredData } from "./stored-samples.ts";

/** What the header of a ring page says of its place in the ring. */
interface PageHead {
  at: number;
  pin: number;
  sequence: number;
}

/**
 * Why a mounted copy may not hold all that its device has, a sentence each: a dump that was cut short or begins at a wrong
 * place, or a ledger that can't be read.
 */
export function doubtsOf(data: StoredData): string[] {
  const { region, image } = data.copy;
  const bytes = image.read(region.bytes, region.address);
  const found = findPages(bytes);
  const doubts = [...(data.copy.doubts ?? [])];
  if (!found.some((page) => page.kind === "ledger")) {
    doubts.push("The ledger can't be read: nothing says what the server has, or when the samples were taken.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const pages: PageHead[] = found
    .filter((page) => page.kind === "ring")
    .map(({ at }) => ({
      at,
      // A page of fixes belongs to no pin of a datastream.
      pin: bytes[at + 2] === 0x52 ? bytes[at + HEADER_AT.pin] : -1,
      sequence: view.getUint32(at + HEADER_AT.sequence, true),
    }));
  const unreadable = unreadablePages(data, new Set(found.map((page) => page.at)));
  if (unreadable.length > 0) {
    const places = unreadable.slice(0, 3).map((at) => `0x${at.toString(16)}`);
    const others = unreadable.length > places.length ? ` and ${unreadable.length - places.length} more` : "";
    doubts.push(
      `${counted(unreadable.length, "page holds", "pages hold")} what can't be read, at ${places.join(", ")}${others} of the data: samples may be missing. Pages of ${data.copy.region.pageBytes} bytes were looked for.`,
    );
  }
  if (lacksNewest(data, pages))
    doubts.push("The ledger knows of newer pages than these: the newest samples are missing.");
  else if (lacksFree(data, pages)) doubts.push("The ring has no free page, as it always has: its end is missing.");
  return doubts;
}

/** The CRC of a header that was given up: the firmware writes zeros there before it erases a page that is needed no more. */
const SPOILT = [0, 0, 0, 0].join();

/** Places of pages in the ring that are not blank, not given up, and have no header that could be read or mended. */
function unreadablePages(data: StoredData, found: Set<number>): number[] {
  const { region, image } = data.copy;
  const places: number[] = [];
  for (let at = 2 * bankPagesOf(region.pageBytes) * region.pageBytes; at < region.bytes; at += region.pageBytes) {
    if (found.has(at)) continue;
    const page = image.read(region.pageBytes, region.address + at);
    const header = page.slice(0, HEADER_BYTES);
    mendHeader(crc32, header);
    const isGivenUp = header.slice(HEADER_AT.crc).join() === SPOILT;
    if (page.every((byte) => byte === 255) || isGivenUp || headerKind(crc32, header) !== "none") continue;
    places.push(at);
  }
  return places;
}

const isBehind = (a: number, b: number) => ((a - b) | 0) < 0;

/** No page is as new as one that a cursor stands in. A page is only taken anew by a newer one. */
function lacksNewest(data: StoredData, pages: PageHead[]): boolean {
  return pinsOf(data).some((pin) => {
    const settled = sequenceOf(data.ledger.cursor(pin));
    return settled > 0 && pages.every((page) => isBehind(page.sequence, settled));
  });
}

/** Every page of the ring is needed; the firmware keeps one free (firmware/storage/ring/space.ts). */
function lacksFree(data: StoredData, pages: PageHead[]): boolean {
  const { bytes, pageBytes } = data.copy.region;
  if (pages.length < bytes / pageBytes - 2 * bankPagesOf(pageBytes)) return false;
  return pages.every((page) => {
    if (page.pin < 0) return false;
    const isNewest = pages.every((other) => other.pin !== page.pin || !isBehind(page.sequence, other.sequence));
    const settled = sequenceOf(data.ledger.cursor(page.pin));
    return isNewest || settled === 0 || isBehind(settled, page.sequence);
  });
}
