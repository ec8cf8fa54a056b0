import { InvalidArgumentError, Option } from "commander";
import { ESP32_PAGE_BYTES } from "./data-region.ts";

/** Of the flash chips that microcontrollers have. */
const STEP_BYTES = 256;
const BYTES_MAX = 65536;

/** `--page-bytes`, of `export` and `backfill`. */
export function pageBytesOption(): Option {
  return new Option("--page-bytes <n>", "size of a flash page in the dump").default(ESP32_PAGE_BYTES).argParser(parse);
}

function parse(text: string): number {
  const bytes = Number(text);
  if (Number.isInteger(bytes / STEP_BYTES) && bytes > 0 && bytes <= BYTES_MAX) return bytes;
  throw new InvalidArgumentError(
    `Give a multiple of ${STEP_BYTES} up to ${BYTES_MAX}; a page of an ESP32 has ${ESP32_PAGE_BYTES} bytes.`,
  );
}
