/** Samples behind a SHIFT, which moves the base of the slots, and long records, whose second word says what they are. */
import { describe, expect, it } from "vitest";
import { INDEX, LONG, WORDS } from "../../../firmware/storage/format/code-words.ts";
import { RECORD_MAX, WORDS_AT } from "../../../firmware/storage/format/page.ts";
import {
  encodeRecord,
  LONG_FORM,
  REBASE_FORM,
  SHIFT_BYTES,
  SHORT_REBASE_FORM,
} from "../../../firmware/storage/format/record.ts";
import { createRegion } from "../../support/region.ts";
import { mount, readAll, type Sample, STREAM } from "./mounted.ts";

const PAGE_BYTES = 1024;
/** Of the ring's first page, behind two banks of a page. */
const PAGE_AT = 2 * PAGE_BYTES;
const SLOT_MS = STREAM.intervalMs;

/** Logs regular samples from slot `from` up to `to`, each `lateMs` behind its slot. */
function log(
  ring: { append(pin: number, rawMs: number, value: number): boolean },
  from: number,
  to: number,
  lateMs = 0,
) {
  const logged: Sample[] = [];
  for (let i = from; i < to; i++) {
    const sample = { session: 1, rawMs: 1000 + i * SLOT_MS + lateMs, value: 200 + (i % 3) };
    expect(ring.append(1, sample.rawMs, sample.value)).toBe(true);
    logged.push(sample);
  }
  return logged;
}

/** Offset of the first SHIFT in the region. */
function shiftAt(bytes: Uint8Array): number {
  let at = PAGE_AT + WORDS_AT;
  while (at < bytes.length && (bytes[at] !== WORDS[LONG] || INDEX[bytes[at + 1]] < 3)) at++;
  return at;
}

/** Forty regular samples, then `behind` that are 16 ms later, the first of them behind a SHIFT. */
function shifted(behind: number) {
  const { region, flash } = createRegion(9, PAGE_BYTES);
  const { ring } = mount(region);
  log(ring, 0, 40);
  const before = log(ring, 40, 40 + behind, 16);
  return { flash, before, at: shiftAt(flash.bytes) };
}

describe("one bit of a shift that turned over in a page that is written", () => {
  /** How many samples more are counted than were taken, after each flip of byte `byte` of the shift. */
  function miscounted(behind: number, byte: number): number[] {
    const { flash, at } = shifted(behind);
    return Array.from({ length: 8 }, (_, bit) => {
      const { region, flash: decayed } = createRegion(9, PAGE_BYTES, flash.bytes.slice());
      decayed.bytes[at + byte] ^= 1 << bit;
      const { ring } = mount(region);
      expect(readAll(ring, 1, 0).length).toBe(40);
      return ring.totals(1).sampled - 40 - behind;
    });
  }

  it.each([2, 5, 20, 23, 24, 100])(
    "leaves the count of the %i samples behind it right when it was the shift's width",
    (n) => {
      expect(miscounted(n, 1)).toEqual(Array(8).fill(0));
    },
  );

  it("counts two samples more, as decayed, when it was the shift's first word: that might have been a sample", () => {
    for (const behind of [1, 5, 100]) expect(miscounted(behind, 0)).toEqual(Array(8).fill(2));
  });
});

describe("a long record of which a cut left all but its form", () => {
  it.each([
    { name: "CHECK_LONG", form: LONG_FORM },
    { name: "REBASE", form: REBASE_FORM },
    { name: "SHORT_REBASE", form: SHORT_REBASE_FORM },
  ])("counts for no sample: $name", ({ form }) => {
    const { region, flash } = createRegion(9, PAGE_BYTES);
    log(mount(region).ring, 0, 40);
    let end = PAGE_AT + PAGE_BYTES;
    while (flash.bytes[end - 1] === 255) end--;
    const bytes = new Uint8Array(RECORD_MAX);
    const length = encodeRecord(form, [40, 0, 0, 1, 0, 100000, 0, 200], bytes);
    expect(length).toBeGreaterThan(0);
    // Any bit of the form may not be programmed yet.
    for (let torn = bytes[1] + 1; torn < 256; torn++) {
      if ((torn & bytes[1]) !== bytes[1]) continue;
      const cut = createRegion(9, PAGE_BYTES, flash.bytes.slice());
      cut.flash.bytes.set([bytes[0], torn, ...bytes.slice(2, length)], end);
      const { ring } = mount(cut.region);
      expect(ring.totals(1), `form ${torn}`).toMatchObject({ sampled: 40, pending: 40 });
      expect(ring.append(1, 1e9, 7)).toBe(true);
      expect(readAll(ring, 1, 0).length).toBe(41);
    }
  });
});

describe("a shift before a sample that can't be programmed", () => {
  it("moves no base of the samples behind it", () => {
    const { region, flash } = createRegion(9, PAGE_BYTES);
    const { ring } = mount(region);
    // In the middle of their book, so that no absolute record sets the base anew by itself.
    const logged = [...log(ring, 0, 1), ...log(ring, 1, 40, 6)];
    const write = flash.write.bind(flash);
    let faults = 0;
    // The word that says how far the base moves, and its sample: the sample's last bit stays.
    flash.write = (data, address) => {
      const bad = faults === 0 && data.length === SHIFT_BYTES && address % PAGE_BYTES > WORDS_AT;
      if (bad) faults++;
      write(bad ? Uint8Array.of(data[0], data[1] | (~data[1] & -~data[1])) : data, address);
    };
    logged.push(...log(ring, 40, 80, 22));
    expect(faults).toBe(1);
    expect(readAll(ring, 1, 0)).toEqual(logged);
    const again = mount(region).ring;
    expect(readAll(again, 1, 0)).toEqual(logged);
    expect(again.totals(1)).toMatchObject({ sampled: 80, missed: 0 });
  });
});
