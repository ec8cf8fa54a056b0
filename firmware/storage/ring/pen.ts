import type { FlashRegion } from "../../platform/ports.ts";
import { DATA_WORDS, WORDS } from "../format/code-words.ts";
import { passScored, type Stream } from "./stream.ts";

/**
 * `append` for the usual sample: one or two plain words in the open page, read back. Every other sample goes to `slow`.
 * It stands alone because Espruino searches names scope by scope: everything it needs is close by. For the same reason it
 * writes `symbolOf` out.
 */
export function createPen(
  region: Pick<FlashRegion, "flash" | "pageBytes">,
  streams: { [pin: number]: Stream },
  slow: (pin: number, rawMs: number, value: number) => boolean,
): (pin: number, rawMs: number, value: number) => boolean {
  const flash = region.flash;
  const wordOf = WORDS;
  const one = new Uint8Array(1);
  const two = new Uint8Array(2);

  return (pin, rawMs, value) => {
    const s = streams[pin];
    const page = s ? s.page : undefined;
    if (!page || (page.at >= page.plainUntil && !passScored(s, rawMs, value, region.pageBytes))) {
      return slow(pin, rawMs, value);
    }
    const jitterMs = rawMs - page.nextMs;
    const jitterSpan = page.jitterSpan;
    const step = value - page.value;
    const stepSpan = page.stepSpan;
    if (!(jitterMs >= -jitterSpan && jitterMs <= jitterSpan && step >= -stepSpan && step <= stepSpan)) {
      return slow(pin, rawMs, value);
    }
    const words = page.words;
    const symbol = (jitterMs + jitterSpan) * (2 * stepSpan + 1) + step + stepSpan;
    const bytes = words === 1 ? one : two;
    if (words === 1) one[0] = wordOf[symbol];
    else {
      two[0] = wordOf[Math.floor(symbol / DATA_WORDS)];
      two[1] = wordOf[symbol % DATA_WORDS];
    }
    const address = page.address + page.at;
    flash.write(bytes, address);
    let back = flash.read(words, address);
    // Asked twice: a misread must not put the sample on flash again.
    if (back[0] !== bytes[0] || (words === 2 && back[1] !== bytes[1])) {
      back = flash.read(words, address);
      if (back[0] !== bytes[0] || (words === 2 && back[1] !== bytes[1])) {
        // What was programmed is torn: the sample goes behind it, as an absolute record.
        page.at += 2 * words;
        page.plainUntil = 0;
        s.torn = true;
        return slow(pin, rawMs, value);
      }
    }
    page.at += words;
    page.nextMs += page.intervalMs;
    page.rawMs = rawMs;
    page.count++;
    page.jitterSumMs += jitterMs;
    page.value = value;
    return true;
  };
}
