import { CHECK_SHORT, INDEX, LONG, putDigits, RESTART, TORN, WORDS } from "./code-words.ts";
import { VALUE_MAX } from "./decimal.ts";
import { FIRST_VERSION, leadMs, type Page, RECORD_MAX } from "./page.ts";

/**
 * Absolute records: a sample with all that is needed to go on from it. A form a row, and the digits of each field: count,
 * missed and failed in the page before it, epoch, session and base raw time since the header's, jitter, value.
 */
// biome-ignore format: a form a line
const DIGITS = new Uint8Array([
  2, 2, 1, 1, 0, 0, 1, 3,
  2, 3, 2, 1, 0, 0, 3, 6,
  2, 3, 2, 1, 2, 6, 1, 6,
  2, 2, 1, 1, 2, 5, 1, 3,
  2, 1, 1, 1, 2, 5, 0, 3,
]);
/** The rows of DIGITS. The long ones, LONG_FORM to before RESTART_FORM, say which they are in their first digit. */
export const CHECK_FORM = 0;
export const LONG_FORM = 1;
export const REBASE_FORM = 2;
export const SHORT_REBASE_FORM = 3;
export const RESTART_FORM = 4;
/** Not a sample: the base moves by what the word behind LONG says, SHIFT_ZERO for 0 ms, and the epoch ends. */
export const SHIFT_FORM = -1;
export const SHIFT_BYTES = 2;
const SHIFT_ZERO = 33;
/** Most ms that the base is moved by, either way. */
export const SHIFT_MS_MAX = 30;
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
/** Behind the fields: the record's form. */
export const FORM = 8;

/** Says in place of a value that the reading could not be represented. */
const SENTINEL = 68719476735;
/** Epochs are counted 0, 1 … 63, 1 …: 0 is the header's alone. */
export const EPOCH_MAX = 63;

/** Puts a shift of the base by `shiftMs` into `bytes` at offset `at`. */
export function putShift(bytes: Uint8Array, at: number, shiftMs: number): void {
  bytes[at] = WORDS[LONG];
  bytes[at + 1] = WORDS[SHIFT_ZERO + shiftMs];
}

/** Moves the base of `page`, between two samples. */
export function shiftBase(page: Page, shiftMs: number): void {
  page.jitterSumMs -= (shiftMs * (page.nextMs - page.baseRawMs)) / page.intervalMs;
  page.baseRawMs += shiftMs;
  page.nextMs += shiftMs;
  page.epoch = (page.epoch % EPOCH_MAX) + 1;
}

/**
 * Encodes into `bytes` and returns the length; 0 when a field does not fit this form. `fields` gets the form. A NaN value becomes
 * the sentinel.
 */
export function encodeRecord(form: number, fields: number[], bytes: Uint8Array): number {
  const digits = form * 8;
  let at = 1;
  fields[FORM] = form;
  bytes[0] = WORDS[CHECK_SHORT];
  if (form === RESTART_FORM) bytes[0] = WORDS[RESTART];
  else if (form > CHECK_FORM) {
    bytes[0] = WORDS[LONG];
    bytes[at++] = WORDS[form - LONG_FORM];
  }
  for (let i = 0; i < 8; i++) {
    const limit = POWERS[DIGITS[digits + i]];
    let field = fields[i];
    if (limit === 1) continue;
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
 * Decodes the record of `page` at the start of `bytes` into `fields` and returns its length; when it is torn, or the bytes end
 * within it, minus the length that it was to have: the longest, if that can't be read. In format version 1 the kind says the
 * form, and there are no restarts and no shifts.
 */
export function decodeRecord(page: Page, bytes: Uint8Array, fields: number[]): number {
  const indexOf = INDEX;
  let form = indexOf[bytes[0]] - CHECK_SHORT;
  let at = 1;
  if (form > CHECK_FORM && page.version > FIRST_VERSION) {
    const isLong = form === LONG - CHECK_SHORT;
    form = RESTART_FORM;
    if (isLong) {
      // Beyond the end of a typed array, Espruino throws.
      const word = bytes.length > at ? indexOf[bytes[at++]] : TORN;
      if (word > 63) return -RECORD_MAX;
      form = word + LONG_FORM;
      if (form >= RESTART_FORM) {
        fields[FORM] = SHIFT_FORM;
        fields[JITTER] = word - SHIFT_ZERO;
        // Of no epoch: reading can't start here.
        fields[EPOCH] = -1;
        return SHIFT_BYTES;
      }
    }
  }
  fields[FORM] = form;
  let digit = 0;
  let end = at;
  let field = 0;
  for (let i = 0; i < 8; i++) end += DIGITS[form * 8 + i];
  if (end > bytes.length) return -end;
  for (let i = 0; i < 8; i++) {
    field = 0;
    for (let digits = DIGITS[form * 8 + i]; digits > 0; digits--) {
      digit = indexOf[bytes[at++]];
      if (digit > 63) return -end;
      field = field * 64 + digit;
    }
    fields[i] = field;
  }
  if (form === RESTART_FORM) fields[JITTER] = -leadMs(page);
  else fields[JITTER] -= POWERS[DIGITS[form * 8 + JITTER]] / 2;
  fields[VALUE] = fields[VALUE] === SENTINEL ? Number.NaN : fields[VALUE] - POWERS[DIGITS[form * 8 + VALUE]] / 2;
  return at;
}

/** Puts the state of `page` on the record in `fields`, which ends at offset `end`; its sample is the caller's to count. */
export function applyRecord(page: Page, fields: number[], end: number): void {
  page.missed = fields[MISSES];
  page.failed = fields[FAILS];
  const slots = page.count + page.missed + page.failed;
  if (fields[FORM] >= REBASE_FORM) {
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
