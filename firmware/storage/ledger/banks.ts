import type { FlashRegion } from "../../platform/ports.ts";
import {
  CRC_RESIDUE,
  eraseVerified,
  isBlank,
  isSteadilyBlank,
  PIECE_BYTES,
  program,
  readSteady,
} from "../proven-flash.ts";

/**
 * An append-only log on two banks that take turns (FORMAT.md, "Ledger bank" and "Entry"). It knows frames and banks;
 * what entries mean is its owner's.
 */
export interface Log {
  /** Puts one entry on flash, read back. `view` holds kind, payload length, payload; see `payloadAt`. Throws when the flash fails. */
  append(kind: number, payloadBytes: number): void;
}

/** What an error says when an entry could not be written. Nothing has changed then. */
export const LEDGER_FAULT = "ledger: flash fault";
/** What it says when everything that matters does not fit a bank. It stays so until the next boot: trying again would erase a page each time. */
export const LEDGER_FULL = "ledger bank is too small";

/** Offset of the payload in an entry. */
export const PAYLOAD_AT = 2;
/** Longest payload. */
export const PAYLOAD_MAX = 50;
/** Longest entry, with CRC and commit word. */
export const ENTRY_MAX = 60;
const ENTRY_MIN = 12;

const BANK_HEADER_BYTES = 16;
const BANK_MAGIC = 0x014c4245; // "EBL", version 1
const COMMIT = 0x3c2d1e0f;

/** Bytes of an entry up to and with its CRC; four more for the commit word. */
function framedBytes(payloadBytes: number): number {
  return Math.ceil((PAYLOAD_AT + payloadBytes) / 4) * 4 + 4;
}

/**
 * Reads the newer bank, calling `apply(kind, view)` for each entry. Nothing is written before the first `append`.
 * `snapshot` must append, through the log, whatever still matters; it is called while `entry` may be overwritten.
 */
export function openLog(
  region: FlashRegion,
  bankPages: number,
  entry: Uint8Array,
  apply: (kind: number, view: DataView) => void,
  snapshot: () => void,
): Log {
  const flash = region.flash;
  const bankBytes = bankPages * region.pageBytes;
  const entryView = new DataView(entry.buffer);
  const word = new Uint8Array(4);
  const wordView = new DataView(word.buffer);
  let bank = -1;
  let generation = 0;
  let at = 0;
  /** True when the next entry must go to the other bank: this one has a torn end, or was never proven. */
  let spent = true;
  let compacting = false;
  let overflown = false;

  function bankAddress(index: number): number {
    return region.address + index * bankBytes;
  }

  function isCommit(bytes: Uint8Array): boolean {
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === COMMIT;
  }

  /** True where no entry begins. */
  function isBlankAhead(address: number, room: number): boolean {
    return room < 2 || flash.read(1, address)[0] === 255;
  }

  /** Length of the entry at `address`, handed to `apply` if that is given; 0 when there is none whole. */
  function readEntry(address: number, room: number, take: boolean): number {
    const head = flash.read(2, address);
    const bytes = framedBytes(head[1]);
    if (head[1] > PAYLOAD_MAX || bytes + 4 > room) return 0;
    if (!isCommit(flash.read(4, address + bytes)) || isBlankAhead(address + bytes + 4, room - bytes - 4)) {
      // The last entry may be half committed: then it has to answer alike for a while.
      if (!isCommit(readSteady(region, 4, address + bytes))) return 0;
    }
    const body = flash.read(bytes, address);
    if (region.crc32(body) !== CRC_RESIDUE) return 0;
    if (take) apply(head[0], new DataView(body.buffer, body.byteOffset));
    return bytes + 4;
  }

  /** Applies every whole entry of the chosen bank and finds its end. */
  function readBank(): void {
    const start = bankAddress(bank);
    at = BANK_HEADER_BYTES;
    while (at + ENTRY_MIN <= bankBytes) {
      const bytes = readEntry(start + at, bankBytes - at, true);
      if (bytes > 0) {
        at += bytes;
        continue;
      }
      if (isSteadilyBlank(region, Math.min(ENTRY_MAX, bankBytes - at), start + at)) return;
      // Torn or decayed. What decayed has whole entries behind it, which still count.
      spent = true;
      const end = Math.min(at + 2 * ENTRY_MAX, bankBytes - ENTRY_MIN);
      do at += 4;
      while (at < end && readEntry(start + at, bankBytes - at, false) === 0);
      if (at >= end) return;
    }
  }

  /** Programs the framed entry at `at`; its commit word in a second program unless a bank header will vouch for it. */
  function put(payloadBytes: number): boolean {
    const bytes = framedBytes(payloadBytes);
    entry.fill(0, PAYLOAD_AT + payloadBytes, bytes - 4);
    entryView.setUint32(bytes - 4, region.crc32(new Uint8Array(entry.buffer, 0, bytes - 4)), true);
    const address = bankAddress(bank) + at;
    if (!program(region, new Uint8Array(entry.buffer, 0, bytes), address)) return false;
    wordView.setUint32(0, COMMIT, true);
    if (!program(region, word, address + bytes)) return false;
    at += bytes + 4;
    return true;
  }

  /** Moves to the other bank: spoil, erase, verify, snapshot, and last the header that makes it true. */
  function compact(): boolean {
    const kept = entry.slice();
    const old = bank;
    const target = bank === 0 ? 1 : 0;
    const start = bankAddress(target);
    if (!isBlank(region, start, PIECE_BYTES)) program(region, new Uint8Array(BANK_HEADER_BYTES), start);
    for (let page = 0; page < bankPages; page++) {
      if (!eraseVerified(region, start + page * region.pageBytes)) return false;
    }
    bank = target;
    at = BANK_HEADER_BYTES;
    compacting = true;
    overflown = false;
    spent = false;
    snapshot();
    compacting = false;
    const header = new Uint8Array(BANK_HEADER_BYTES);
    const view = new DataView(header.buffer);
    view.setUint32(0, BANK_MAGIC, true);
    view.setUint32(4, (generation + 1) >>> 0, true);
    view.setUint32(8, at, true);
    view.setUint32(12, region.crc32(new Uint8Array(header.buffer, 0, 12)), true);
    entry.set(kept);
    if (spent || !program(region, header, start)) {
      bank = old;
      spent = true;
      return false;
    }
    generation = (generation + 1) >>> 0;
    return true;
  }

  // 0 no header, 1 a header with nothing behind its snapshot, 2 proven by what was written behind it.
  const states = [0, 0];
  const generations = [0, 0];
  for (let index = 0; index < 2; index++) {
    const header = readSteady(region, BANK_HEADER_BYTES, bankAddress(index));
    const view = new DataView(header.buffer, header.byteOffset);
    if (view.getUint32(0, true) !== BANK_MAGIC || region.crc32(header) !== CRC_RESIDUE) continue;
    generations[index] = view.getUint32(4, true);
    states[index] = isSteadilyBlank(region, 4, bankAddress(index) + view.getUint32(8, true)) ? 1 : 2;
  }
  if (states[0] > 0 || states[1] > 0) {
    bank = states[0] > 0 && (states[1] === 0 || ((generations[0] - generations[1]) | 0) > 0) ? 0 : 1;
    generation = generations[bank];
    spent = states[bank] === 1;
    // A header with nothing behind it may be half programmed. The older bank says the same and is surer, but must not be
    // written on: the newer header would still stand.
    if (spent && states[1 - bank] > 0) bank = 1 - bank;
    readBank();
  }

  return {
    append(kind, payloadBytes) {
      entry[0] = kind;
      entry[1] = payloadBytes;
      const bytes = framedBytes(payloadBytes) + 4;
      if (compacting) {
        overflown = overflown || at + bytes + ENTRY_MAX > bankBytes;
        spent = spent || overflown || !put(payloadBytes);
        return;
      }
      for (let tries = 0; tries < 3 && !overflown; tries++) {
        if ((spent || at + bytes > bankBytes) && !compact() && !overflown) continue;
        if (overflown || at + bytes > bankBytes) break;
        if (put(payloadBytes)) return;
        spent = true;
      }
      throw new Error(overflown ? LEDGER_FULL : LEDGER_FAULT);
    },
  };
}
