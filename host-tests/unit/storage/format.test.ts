import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { BOOK_COUNT, BOOKS, CHECK_SHORT, INDEX, REBASE, WORDS } from "../../../firmware/storage/format/code-words.ts";
import { GAP_BYTES, RECORD_MAX, WORDS_AT } from "../../../firmware/storage/format/page.ts";
import { decodeRecord, encodeRecord } from "../../../firmware/storage/format/record.ts";
import { ledgerPinsMax } from "../../../firmware/storage/ledger/ledger.ts";
import { openStorageWithBanks } from "../../../firmware/storage/storage.ts";
import { createRegion } from "../../support/region.ts";

const FORMAT = readFileSync(new URL("../../../firmware/storage/FORMAT.md", import.meta.url), "utf8");

/** The cells of a table's row in FORMAT.md, without its first. */
function row(start: string): string[] {
  const line = FORMAT.split("\n").find((text) => text.split("|")[1]?.trim() === start) as string;
  return line
    .split("|")
    .slice(2, -1)
    .map((cell) => cell.trim());
}

test("has the code books that FORMAT.md lists, each within its words", () => {
  expect(row("±ms").map(Number)).toEqual(Array.from({ length: BOOK_COUNT }, (_, i) => BOOKS[3 * i]));
  expect(row("±steps").map(Number)).toEqual(Array.from({ length: BOOK_COUNT }, (_, i) => BOOKS[3 * i + 1]));
  expect(row("words").map(Number)).toEqual(Array.from({ length: BOOK_COUNT }, (_, i) => BOOKS[3 * i + 2]));
  for (let i = 0; i < BOOK_COUNT; i++) {
    expect((2 * BOOKS[3 * i] + 1) * (2 * BOOKS[3 * i + 1] + 1)).toBeLessThanOrEqual(65 ** BOOKS[3 * i + 2]);
  }
});

test("has 70 code words of four ones each", () => {
  const ones = (byte: number) => byte.toString(2).replace(/0/g, "").length;
  expect([...WORDS].every((byte) => ones(byte) === 4)).toBe(true);
  expect([...INDEX].filter((index) => index !== 255).length).toBe(70);
  expect([...WORDS].map((byte) => INDEX[byte])).toEqual([...WORDS.keys()]);
});

test("encodes absolute records of the lengths in FORMAT.md and decodes them alike", () => {
  const bytes = new Uint8Array(RECORD_MAX);
  ["CHECK_SHORT", "CHECK_LONG", "REBASE"].forEach((name, i) => {
    const fields = [100, 7, 3, 2, i === 2 ? 5 : 0, i === 2 ? 1e9 : 0, -6, -215];
    const length = encodeRecord(CHECK_SHORT + i, fields, bytes);
    expect(length).toBe(Number(row(name).at(-1)));
    const back: number[] = [];
    expect(decodeRecord(CHECK_SHORT + i, bytes, back)).toBe(length);
    expect(back).toEqual(fields);
    // Cut short it is none, and nothing is read behind its end: a typed array of Espruino throws there.
    for (let end = 1; end < length; end++) expect(decodeRecord(CHECK_SHORT + i, bytes.slice(0, end), back)).toBe(0);
  });
  expect(RECORD_MAX).toBe(Number(row("REBASE").at(-1)));
  expect(FORMAT).toContain(`**${GAP_BYTES} bytes further**`);
  expect(REBASE).toBe(67);
});

test("writes a page and a bank as FORMAT.md draws them", () => {
  const { flash, region } = createRegion(8, 1024);
  const { ledger, ring } = openStorageWithBanks(region, [{ pin: 5, intervalMs: 60000, decimals: 1 }], 1);
  ledger.boot(9, 1000);
  ring.start(9);
  ring.append(5, 2000, -15);
  const bank = new DataView(flash.bytes.buffer, 0, 1024);
  expect(String.fromCharCode(...flash.bytes.slice(0, 3))).toBe("EBL");
  expect([flash.bytes[3], bank.getUint32(4, true), bank.getUint32(8, true)]).toEqual([1, 1, 40]);
  expect(bank.getUint32(12, true)).toBe(crc32(flash.bytes.slice(0, 12)));
  // STATE is 24 bytes; then BOOT with its session and the commit word.
  expect([flash.bytes[40], flash.bytes[41], bank.getUint32(42, true)]).toEqual([1, 10, 9]);
  expect([...flash.bytes.slice(56, 60)]).toEqual([0x0f, 0x1e, 0x2d, 0x3c]);
  const page = flash.bytes.slice(2048, 3072);
  const view = new DataView(page.buffer);
  expect(String.fromCharCode(...page.slice(0, 3))).toBe("EBR");
  expect([...page.slice(3, 8)]).toEqual([1, 5, 1, 0, 0]);
  expect([view.getUint32(8, true), view.getUint32(12, true), view.getUint32(16, true)]).toEqual([1, 9, 2000]);
  expect(view.getUint32(22, true) + view.getUint16(26, true) * 2 ** 32 - 2 ** 35).toBe(-15);
  expect(view.getUint32(28, true)).toBe(60000);
  expect(view.getUint32(44, true)).toBe(crc32(page.slice(0, 44)));
  expect(page[WORDS_AT]).toBe(WORDS[6 * 5 + 2]);
});

test("holds as many pins in a bank as FORMAT.md says", () => {
  expect([1024, 2048, 4096].map(ledgerPinsMax)).toEqual([3, 4, 16]);
  expect(FORMAT).toContain("3 in 1,024\nbytes, 4 in 2,048, 16 in 4,096");
});
