import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import {
  BOOK_COUNT,
  BOOKS,
  CHECK_SHORT,
  INDEX,
  LONG,
  RESTART,
  WORDS,
} from "../../../firmware/storage/format/code-words.ts";
import {
  createPage,
  FIRST_VERSION,
  HEADER_AT,
  HEADER_BYTES,
  RECORD_MAX,
  SEAL_AT,
  WORDS_AT,
} from "../../../firmware/storage/format/page.ts";
import {
  decodeRecord,
  encodeRecord,
  FORM,
  JITTER,
  putShift,
  SHIFT_BYTES,
  SHIFT_FORM,
  SHIFT_MS_MAX,
} from "../../../firmware/storage/format/record.ts";
import { SLOT_AT, SLOT_BYTES } from "../../../firmware/storage/ledger/archive.ts";
import { BANK_AT } from "../../../firmware/storage/ledger/banks.ts";
import { ledgerPinsMax } from "../../../firmware/storage/ledger/capacity.ts";
import {
  ACCOUNT_AT,
  ATTEMPT_AT,
  BOOT_AT,
  CHARGE_AT,
  CORRECT_AT,
  DROP_AT,
  FAIL_AT,
  FIX_AT,
  FOLD_AT,
  KEEP_AT,
  RETIRE_AT,
  SENT_AT,
  STATE_AT,
  UNFIX_AT,
} from "../../../firmware/storage/ledger/entries.ts";
import { FAIL_CAUSE } from "../../../firmware/storage/ledger/ledger.ts";
import { IN_SEAL } from "../../../firmware/storage/ring/seal.ts";
import { openStorageWithBanks, openWholeLedger } from "../../../firmware/storage/whole-storage.ts";
import { addFix } from "../../support/fixes.ts";
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

/** Names of the forms, in order. */
const FORMS = ["CHECK_SHORT", "CHECK_LONG", "REBASE", "SHORT_REBASE", "RESTART"];

/** What a sample's absolute record says. A check has no session and no base, a restart has no jitter of its own. */
function fieldsOf(form: number): number[] {
  const base = form === 2 ? [5, 1e9 * 60] : form > 2 ? [5, 1e9] : [0, 0];
  return [100, 7, 3, 2, ...base, form === 4 ? -6 : -7, -215, form];
}

test("encodes absolute records of the lengths in FORMAT.md and decodes them alike", () => {
  const page = createPage(1, 1, 0, 60000, 4096);
  const bytes = new Uint8Array(RECORD_MAX);
  FORMS.forEach((name, form) => {
    const fields = fieldsOf(form);
    const length = encodeRecord(form, fields, bytes);
    expect(length).toBe(Number(row(name).at(-1)));
    const back: number[] = [];
    expect(decodeRecord(page, bytes, back)).toBe(length);
    expect(back.map(Math.abs)).toEqual(fields.map(Math.abs));
    expect(back).toMatchObject({ 6: fields[6], 7: -215, [FORM]: form });
    // Cut short it is none, and nothing is read behind its end: a typed array of Espruino throws there. What says its length
    // may still say so.
    const isLong = bytes[0] === WORDS[LONG];
    for (let end = 1; end < length; end++) {
      expect(decodeRecord(page, bytes.slice(0, end), back)).toBe(isLong && end === 1 ? -RECORD_MAX : -length);
    }
    // The same with a digit that is none.
    const decayed = bytes.slice(0, length);
    decayed[length - 1] ^= 1;
    expect(decodeRecord(page, decayed, back)).toBe(-length);
    // A field that does not fit is not cut off.
    expect(encodeRecord(form, [4096, ...fields.slice(1)], bytes)).toBe(0);
  });
  expect(RECORD_MAX).toBe(Number(row("REBASE").at(-1)));
  expect([CHECK_SHORT, RESTART, LONG]).toEqual([65, 66, 67]);
});

test("moves the base by what the word behind LONG says, and by no other word", () => {
  const page = createPage(1, 1, 0, 60000, 4096);
  const fields: number[] = [];
  for (let word = 0; word < WORDS.length; word++) {
    const length = decodeRecord(page, Uint8Array.of(WORDS[LONG], WORDS[word]), fields);
    // The forms of the longer records, which are cut short here, and none.
    if (word < 3) expect(length).toBe(-Number(row(FORMS[word + 1]).at(-1)));
    else if (word > 63) expect(length).toBe(-RECORD_MAX);
    else expect([length, fields[FORM], fields[JITTER]]).toEqual([SHIFT_BYTES, SHIFT_FORM, word - 33]);
  }
  const bytes = new Uint8Array(3);
  putShift(bytes, 1, -SHIFT_MS_MAX);
  expect([...bytes]).toEqual([0, WORDS[67], WORDS[3]]);
  expect(decodeRecord(page, bytes.slice(1, 2), fields)).toBe(-RECORD_MAX);
});

test("reads the records of format version 1, in which the kind alone says the form", () => {
  const page = createPage(1, 1, 0, 60000, 4096);
  page.version = FIRST_VERSION;
  const bytes = new Uint8Array(RECORD_MAX);
  for (let form = 0; form < 3; form++) {
    const fields = fieldsOf(form);
    const length = encodeRecord(form, fields, bytes);
    // Version 1: the kinds 65, 66 and 67, and the digits at once.
    const first = form === 0 ? bytes : Uint8Array.of(WORDS[65 + form], ...bytes.slice(2));
    const firstLength = form === 0 ? length : length - 1;
    expect(firstLength).toBe(Number(row(FORMS[form]).at(-2)));
    const back: number[] = [];
    expect(decodeRecord(page, first, back)).toBe(firstLength);
    expect(back).toMatchObject({ 0: 100, 1: 7, 2: 3, 3: 2, 6: -7, 7: -215, [FORM]: form });
  }
});

/** Offset and bytes by name of each field in the map of FORMAT.md that begins with `title`. */
function mapOf(title: string): { [name: string]: { at: number; bytes: number } } {
  const lines = FORMAT.split("\n");
  const fields: { [name: string]: { at: number; bytes: number } } = {};
  for (let i = lines.findIndex((line) => line === title || line.startsWith(`${title} (`)) + 1; lines[i]; i++) {
    const found = /^ *(\d+) +(\d+) +(\w+)/.exec(lines[i]);
    if (found) fields[found[3]] = { at: Number(found[1]), bytes: Number(found[2]) };
  }
  return fields;
}

/** The same of a payload in FORMAT.md's table of entries, and where it ends. */
function payloadOf(name: string) {
  const line = FORMAT.split("\n").find((text) => text.split("|")[2]?.trim() === name) as string;
  const fields: { [name: string]: { at: number; bytes: number } } = {};
  let end = 0;
  for (const field of line.split("|")[3].split(",")) {
    const [, at, called, bits] = /(\d+) (\w+) u(\d+)/.exec(field) as RegExpExecArray;
    fields[called] = { at: Number(at), bytes: Number(bits) / 8 };
    expect(fields[called].at, `${name}.${called} follows the field before it`).toBe(end);
    end += fields[called].bytes;
  }
  return { fields, end };
}

const PAYLOADS: { [name: string]: { [field: string]: number } } = {
  BOOT: BOOT_AT,
  FIX: FIX_AT,
  UNFIX: UNFIX_AT,
  ATTEMPT: ATTEMPT_AT,
  SENT: SENT_AT,
  FAIL: FAIL_AT,
  DROP: DROP_AT,
  RETIRE: RETIRE_AT,
  KEEP: KEEP_AT,
  CORRECT: CORRECT_AT,
  STATE: STATE_AT,
  ACCOUNT: ACCOUNT_AT,
  CHARGE: CHARGE_AT,
  FOLD: FOLD_AT,
};

test.each(Object.keys(PAYLOADS))("lays out the payload of %s as FORMAT.md does, field by field", (name) => {
  const { fields, end } = payloadOf(name);
  const { bytes, ...offsets } = PAYLOADS[name];
  expect(offsets).toEqual(Object.fromEntries(Object.entries(fields).map(([field, { at }]) => [field, at])));
  expect(bytes).toBe(end);
});

test.each([
  ["header", HEADER_AT, HEADER_BYTES],
  ["seal", IN_SEAL, WORDS_AT - SEAL_AT],
  ["bank", { ...BANK_AT, entries: undefined }, BANK_AT.entries],
  ["slot", SLOT_AT, SLOT_BYTES],
] as const)("lays out the %s as FORMAT.md does, field by field", (title, offsets, end) => {
  const fields = mapOf(title);
  for (const [name, at] of Object.entries(offsets)) if (at !== undefined) expect(fields[name]?.at, name).toBe(at);
  const reserved = Object.keys(fields).filter((name) => !(name in offsets));
  expect(reserved.filter((name) => name !== "zero")).toEqual([]);
  const sizes = Object.values(fields);
  expect(Math.max(...sizes.map(({ at, bytes }) => at + bytes))).toBe(end);
  for (const { at } of sizes) expect(at === 0 || sizes.some((one) => one.at + one.bytes === at), `${at}`).toBe(true);
});

test("writes each entry, and reads each snapshot, at FORMAT.md's offsets and widths", () => {
  const { flash, region } = createRegion(4, 1024);
  const ledger = openWholeLedger(region, 1);
  const far = 2 ** 40 + 7;
  ledger.boot(0xf0000001, 5);
  addFix(ledger, 0xf0000002, 6, far, 0xfffffff0);
  ledger.removeFix(9);
  ledger.recordAttempt({ ...ATTEMPT, from: far, to: far + 5 });
  ledger.settle(7, far + 1, { ...SETTLEMENT, lastTrueMs: far + 2, lastSession: 0xf0000001, lastRawMs: far });
  ledger.fail(7, far + 3, true);
  ledger.abandon(7, far + 3, 0xf0000002, FAIL_CAUSE.refused);
  ledger.correct(7, { trueMs: far, session: 0xf0000008, rawMs: far + 1 }, { fromTrueMs: 1, toTrueMs: far, points: 9 });
  ledger.drop(7, "refused", far + 6, 0xf0000003);
  ledger.retire(7, 0xf0000004, 0xf0000005);
  const entries = entriesOf(flash.bytes.slice(0, 1024));
  expect(entries).toEqual([
    { name: "STATE", session: 0, rawMs: 0, fixId: 0, keepFromRawMs: 0, fixesLost: 0 },
    { name: "BOOT", session: 0xf0000001, rawMs: 5 },
    { name: "FIX", id: 1, session: 0xf0000002, rawMs: 6, trueMs: far, boundMs: 0xfffffff0, kind: 1 },
    { name: "UNFIX", id: 9 },
    { name: "ATTEMPT", ...ATTEMPT, from: far, to: far + 5 },
    {
      name: "SENT",
      pin: 7,
      zero: 0,
      rawMs: far + 1,
      to: far + 5,
      ...SETTLEMENT,
      lastTrueMs: far + 2,
      lastSession: 0xf0000001,
      lastRawMs: far,
    },
    { name: "FAIL", pin: 7, keep: 1, rawMs: far + 3, duplicated: 0, cause: 0 },
    { name: "FAIL", pin: 7, keep: 0, rawMs: far + 3, duplicated: 0xf0000002, cause: 1 },
    {
      name: "CORRECT",
      ...{ pin: 7, lastTrueMs: far, lastSession: 0xf0000008, lastRawMs: far + 1 },
      ...{ fromTrueMs: 1, toTrueMs: far, points: 9 },
    },
    { name: "DROP", pin: 7, reason: 5, to: far + 6, count: 0xf0000003 },
    { name: "RETIRE", pin: 7, missed: 0xf0000004, failed: 0xf0000005 },
  ]);

  // Until the ledger has moved to the other bank, with an attempt open.
  ledger.recordAttempt({ ...ATTEMPT, from: far + 6, to: far + 9, rawMs: far + 3 });
  ledger.fail(7, far + 3, true, FAIL_CAUSE.busy);
  ledger.fail(7, far + 3, true, FAIL_CAUSE.unknown);
  ledger.fail(7, far + 3, true, FAIL_CAUSE.refused);
  while (flash.bytes[1024] === 255) ledger.fail(7, far + 3, true);
  const snapshot = entriesOf(flash.bytes.slice(1024)).slice(0, 5);
  const counts = [7, 0, 0, 1, 2, 0xf0000003, 3, 4];
  expect(snapshot).toMatchObject([
    { name: "STATE", session: 0xf0000002, rawMs: far + 3, fixId: 1 },
    {
      name: "ACCOUNT",
      ...{ pin: 7, cursor: far + 6, lastTrueMs: far, counts, lastSession: 0xf0000008, lastRawMs: far + 1 },
      ...{ misdated: 9, duplicated: 0xf0000002, fromTrueMs: 1, toTrueMs: far },
      ...{ missed: 0xf0000004, failed: 0xf0000005, refusals: 8 + 1, tries: 2, busy: 1 },
    },
    { name: "OPEN_ATTEMPT", ...ATTEMPT, from: far + 6, to: far + 9, rawMs: far + 3 },
    { name: "FIXES", id: 1 },
    { name: "CHARGE", pin: 7, rawMs: far + 1, points: 10, requests: 1, open: 0 },
  ]);
  // What is read back from it is the same.
  expect(openWholeLedger(region, 1).attempt(7)).toEqual(ledger.attempt(7));
  expect(openWholeLedger(region, 1).counters(7)).toEqual(ledger.counters(7));
  expect(openWholeLedger(region, 1).retired(7)).toEqual({ missed: 0xf0000004, failed: 0xf0000005 });
  expect(openWholeLedger(region, 1).charges()).toEqual(ledger.charges());
});

const ATTEMPT = {
  ...{ pin: 7, from: 0, to: 0, points: 10, bodyBytes: 0xf0000006, rawMs: 2 ** 40, fixId: 0xf0000007 },
  ...{ thinEvery: 0xf0000008, thinPhase: 0xf0000009, afterTrueMs: 2 ** 41 + 1 },
};
const SETTLEMENT = { delivered: 7, thinned: 1, undatable: 2, unrepresentable: 3, corrupt: 4, lastTrueMs: 0 };

/** The entries of a bank, read by FORMAT.md alone. */
function entriesOf(bank: Uint8Array): { [field: string]: unknown }[] {
  const names = [...FORMAT.matchAll(/^\| (\d+) +\| (\w+) +\|/gm)].map((found) => found[2]);
  const number = (at: number, bytes: number) => {
    let sum = 0;
    for (let i = bytes - 1; i >= 0; i--) sum = sum * 256 + bank[at + i];
    return sum;
  };
  const entries: { [field: string]: unknown }[] = [];
  for (let at = 16; bank[at] !== 255; ) {
    const name = names[bank[at] - 1];
    const { fields, end } = payloadOf(name === "OPEN_ATTEMPT" ? "ATTEMPT" : name === "FIXES" ? "FIX" : name);
    expect(bank[at + 1], `payload bytes of ${name}`).toBe(end);
    const entry: { [field: string]: unknown } = { name };
    for (const [field, one] of Object.entries(fields)) {
      const start = at + 2 + one.at;
      entry[field] =
        field === "counts"
          ? Array.from({ length: one.bytes / 4 }, (_, i) => number(start + 4 * i, 4))
          : number(start, one.bytes);
    }
    entries.push(entry);
    at += Math.ceil((2 + end) / 4) * 4 + 8;
  }
  return entries;
}

test("writes a page and a bank as FORMAT.md draws them", () => {
  const { flash, region } = createRegion(8, 1024);
  const { ledger, ring } = openStorageWithBanks(region, [{ pin: 5, intervalMs: 60000, decimals: 1 }], 1);
  ledger.boot(9, 1000);
  ring.start(9);
  ring.append(5, 2000, -15);
  const bank = new DataView(flash.bytes.buffer, 0, 1024);
  expect(String.fromCharCode(...flash.bytes.slice(0, 3))).toBe("EBL");
  expect([flash.bytes[3], bank.getUint32(4, true), bank.getUint32(8, true)]).toEqual([1, 1, 48]);
  expect(bank.getUint32(12, true)).toBe(crc32(flash.bytes.slice(0, 12)));
  // STATE is 32 bytes; then BOOT with its session and the commit word.
  expect([flash.bytes[48], flash.bytes[49], bank.getUint32(50, true)]).toEqual([1, 10, 9]);
  expect([...flash.bytes.slice(64, 68)]).toEqual([0x0f, 0x1e, 0x2d, 0x3c]);
  const page = flash.bytes.slice(2048, 3072);
  const view = new DataView(page.buffer);
  expect(String.fromCharCode(...page.slice(0, 3))).toBe("EBR");
  expect([...page.slice(3, 8)]).toEqual([2, 5, 1, 0, 0]);
  expect([view.getUint32(8, true), view.getUint32(12, true), view.getUint32(16, true)]).toEqual([1, 9, 2006]);
  expect(view.getUint32(22, true) + view.getUint16(26, true) * 2 ** 32 - 2 ** 35).toBe(-15);
  expect(view.getUint32(28, true)).toBe(60000);
  expect(view.getUint32(44, true)).toBe(crc32(page.slice(0, 44)));
  // 6 ms ahead of its slot, and no step.
  expect(page[WORDS_AT]).toBe(WORDS[0 * 5 + 2]);
});

test("holds as many pins in a bank as FORMAT.md says", () => {
  expect([1024, 2048, 4096].map(ledgerPinsMax)).toEqual([3, 4, 16]);
  expect(FORMAT).toContain("3 in 1,024\nbytes, 4 in 2,048, 16 in 4,096");
});
