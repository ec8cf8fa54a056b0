import { CHECK_SHORT, INDEX, putDigits, REBASE, WORDS } from "./code-words.ts";
import { VALUE_MAX } from "./decimal.ts";
import type { Page } from "./page.ts";

/**
 * Absolute records: a sample with all that is needed to go on from it. Digits of each field: count, missed and failed in
 * the page before it, epoch, session and base raw time since the header's, jitter, value.
 */
// biome-ignore format: a kind a line
const DIGITS = new Uint8Array([
  2, 2, 1, 1, 0, 0, 1, 3,
  2, 3, 2, 1, 0, 0, 3, 6,
  2, 3, 2, 1, 2, 6, 1, 6,
]);
/** Bytes of a record of each kind, its first word and its digits; the last is RECORD_MAX. A test compares both with DIGITS. */
export const RECORD_BYTES = [11, 18, 24];
/** 64 to the power of its place. */
const POWERS = [1, 64, 4096, 262144, 16777216, 1073741824, 68719476736];
export const COUNT = 0;
export const MISSES = 1;
export const FAILS = 2;
export const EPOCH = 3;
export const SESSION = 4;
export const BASE = 5;
export const JITTER = 6;
export const VALUE = 7;

/** Says in place of a value that the reading could not be represented. */
const SENTINEL = 68719476735;

/** Encodes into `bytes` and returns the length; 0 when a field does not fit this kind. A NaN value becomes the sentinel. */
export function encodeRecord(kind: number, fields: number[], bytes: Uint8Array): number {
  const digits = (kind - CHECK_SHORT) * 8;
  let at = 1;
  bytes[0] = WORDS[kind];
  for (let i = 0; i < 8; i++) {
    const limit = POWERS[DIGITS[digits + i]];
    let field = fields[i];
    if (i === VALUE && !(Math.abs(field) <= VALUE_MAX)) {
      if (DIGITS[digits + i] < 6) return 0;
      field = SENTINEL;
    } else if (i >= JITTER) field += limit / 2;
    if (field < 0 || field >= limit) return 0;
    at = putDigits(bytes, at, field, DIGITS[digits + i]);
  }
  return at;
}

/**
 * Decodes the record at the start of `bytes` into `fields` and returns its length. 0 when it is torn, or the bytes end
 * within it.
 */
export function decodeRecord(kind: number, bytes: Uint8Array, fields: number[]): number {
  const indexOf = INDEX;
  let digit = 0;
  let at = 1;
  let end = 1;
  let field = 0;
  for (let i = 0; i < 8; i++) {
    field = 0;
    end += DIGITS[(kind - CHECK_SHORT) * 8 + i];
    // Beyond the end of a typed array, Espruino throws.
    if (end > bytes.length) return 0;
    while (at < end) {
      digit = indexOf[bytes[at++]];
      if (digit > 63) return 0;
      field = field * 64 + digit;
    }
    fields[i] = field;
  }
  const digits = (kind - CHECK_SHORT) * 8;
  fields[JITTER] -= POWERS[DIGITS[digits + JITTER]] / 2;
  fields[VALUE] = fields[VALUE] === SENTINEL ? Number.NaN : fields[VALUE] - POWERS[DIGITS[digits + VALUE]] / 2;
  return at;
}

/** Puts the state of `page` on the record in `fields`, which ends at offset `end`; its sample is the caller's to count. */
export function applyRecord(page: Page, kind: number, fields: number[], end: number): void {
  page.missed = fields[MISSES];
  page.failed = fields[FAILS];
  const slots = page.count + page.missed + page.failed;
  if (kind === REBASE) {
    page.epoch = fields[EPOCH];
    page.session = (page.headerSession + fields[SESSION]) >>> 0;
    page.baseRawMs = page.headerRawMs + fields[BASE];
    page.baseSlots = slots;
  }
  page.nextMs = page.baseRawMs + (slots - page.baseSlots) * page.intervalMs;
  page.rawMs = page.nextMs + fields[JITTER];
  if (!isNaN(fields[VALUE])) page.value = fields[VALUE];
  page.checkedAt = end;
  page.lost = false;
  page.strays = 0;
}
