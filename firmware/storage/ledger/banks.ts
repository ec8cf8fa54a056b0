/**
 * Two banks of flash that take turns, each a log of entries (FORMAT.md, "Ledger bank" and "Entry"). This file knows banks and
 * the frames of entries; what the entries mean is their owner's. Offsets are named after FORMAT.md's maps:
 *
 *     bank   0 magic and version | 4 generation | 8 snapshot end | 12 CRC | 16 entries …
 *     entry  0 kind | 1 payload bytes | 2 payload, zeros up to a multiple of 4 | CRC | commit word
 */

import type { FlashRegion } from "../../platform/ports.ts";
import { CRC_RESIDUE } from "../format/crc.ts";
import { mendOneBit } from "../format/mend.ts";
import { eraseVerified, isBlank, isSteadilyBlank, PIECE_BYTES, program, readSteady } from "../proven-flash.ts";

/** Offsets in a bank. */
export const BANK_AT = { magic: 0, generation: 4, snapshotEnd: 8, crc: 12, entries: 16 };
export const BANK_HEADER_BYTES = 16;
const BANK_MAGIC = 0x014c4245; // "EBL", version 1

/** Offsets in an entry; its CRC and commit word lie behind the payload. */
const ENTRY_AT = { kind: 0, payloadBytes: 1 };
export const PAYLOAD_AT = 2;
const PAYLOAD_MAX = 100;
const CRC_BYTES = 4;
const COMMIT_BYTES = 4;
const COMMIT = 0x3c2d1e0f;
/** Longest and shortest entry, with CRC and commit word. The longest stand in snapshots; others have 60 bytes at most. */
export const ENTRY_MAX = 112;
const ENTRY_MIN = 12;
/** Room that a snapshot must leave, so that the entry behind it always fits. */
const ROOM_MIN = 60;

/** Given to the owner in place of an entry that was there and can't be read. */
export const LOST = 0;

/** What an error says when an entry could not be written. Nothing has changed then. */
export const LEDGER_FAULT = "ledger: flash fault";
/**
 * What it says when everything that matters does not fit a bank. It stays so until the next boot: trying again would erase
 * a page each time.
 */
export const LEDGER_FULL = "ledger bank is too small";

export interface Banks {
  /** Puts the entry whose payload lies in `entry` on flash, read back. Throws when the flash fails. */
  append(kind: number, payloadBytes: number): void;
}

/** Bytes of a whole entry. */
export function entryBytes(payloadBytes: number): number {
  return Math.ceil((PAYLOAD_AT + payloadBytes) / 4) * 4 + CRC_BYTES + COMMIT_BYTES;
}

function isCommit(bytes: Uint8Array): boolean {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === COMMIT;
}

/** What is known of a bank before its entries are read. `proven`: something was written behind its snapshot. */
interface BankHeader {
  generation: number;
  proven: boolean;
}

/** The header at `start`; undefined when there is none whole. */
function readBankHeader(region: FlashRegion, start: number): BankHeader | undefined {
  const header = readSteady(region, BANK_HEADER_BYTES, start);
  const view = new DataView(header.buffer, header.byteOffset);
  if (region.crc32(header) !== CRC_RESIDUE && mendOneBit(region.crc32, header) < 0) return undefined;
  if (view.getUint32(BANK_AT.magic, true) !== BANK_MAGIC) return undefined;
  const snapshotEnd = view.getUint32(BANK_AT.snapshotEnd, true);
  return {
    generation: view.getUint32(BANK_AT.generation, true),
    proven: !isSteadilyBlank(region, 4, start + snapshotEnd),
  };
}

/**
 * The entry at `address` up to its commit word, with one bit turned back: in its payload, its length, its CRC or its commit
 * word; or none, if it was only misread. Undefined when that does not make it whole.
 */
function mendEntry(region: FlashRegion, address: number, room: number): Uint8Array | undefined {
  const found = region.flash.read(Math.min(ENTRY_MAX, room), address);
  for (let flip = 0; flip < 256; flip = flip === 0 ? 1 : 2 * flip) {
    const payloadBytes = found[ENTRY_AT.payloadBytes] ^ flip;
    const commitAt = entryBytes(payloadBytes) - COMMIT_BYTES;
    if (payloadBytes > PAYLOAD_MAX || commitAt + COMMIT_BYTES > found.length) continue;
    const commit = readSteady(region, COMMIT_BYTES, address + commitAt);
    const wrong = new DataView(commit.buffer, commit.byteOffset).getUint32(0, true) ^ COMMIT;
    // More than one bit off: it was not committed, or this is not its place.
    if ((wrong & (wrong - 1)) !== 0) continue;
    const body = new Uint8Array(commitAt);
    body.set(new Uint8Array(found.buffer, found.byteOffset, commitAt));
    body[ENTRY_AT.payloadBytes] = payloadBytes;
    if (region.crc32(body) !== CRC_RESIDUE && (flip !== 0 || wrong !== 0 || mendOneBit(region.crc32, body) < 0))
      continue;
    return body;
  }
  return undefined;
}

/** Where the next entry goes: plain data, which stays while the functions here come and go. */
export interface BankState {
  /** 0 or 1; -1 before the first entry. */
  bank: number;
  generation: number;
  /** Offset in the bank. */
  at: number;
  /** True when the next entry must go to the other bank: this one has a torn end, or was never proven. */
  spent: boolean;
  compacting: boolean;
  overflown: boolean;
}

export function createBankState(): BankState {
  return { bank: -1, generation: 0, at: 0, spent: true, compacting: false, overflown: false };
}

/** What the banks work with. */
export interface BankParts {
  region: FlashRegion;
  bankPages: number;
  /** Bytes of the entry in hand, `ENTRY_MAX` of them. */
  entry: Uint8Array;
  end: BankState;
}

/**
 * Reads the newer bank, calling `apply` with kind and payload of each entry, which lies in `entry`, with zeros behind it.
 */
export function readBanks(parts: BankParts, apply: (kind: number, payload: DataView) => void): void {
  const region = parts.region;
  const entry = parts.entry;
  const b = parts.end;
  const flash = region.flash;
  const bankBytes = parts.bankPages * region.pageBytes;
  const payload = new DataView(entry.buffer, PAYLOAD_AT);

  /** True where no entry begins. */
  function isBlankAhead(address: number, room: number): boolean {
    return room < 2 || flash.read(1, address)[0] === 255;
  }

  /** The entry at `address` up to its commit word; undefined when there is none whole. */
  function readEntry(address: number, room: number): Uint8Array | undefined {
    const head = flash.read(PAYLOAD_AT, address);
    const payloadBytes = head[ENTRY_AT.payloadBytes];
    const bytes = entryBytes(payloadBytes);
    const commitAt = bytes - COMMIT_BYTES;
    if (payloadBytes > PAYLOAD_MAX || bytes > room) return undefined;
    if (!isCommit(flash.read(COMMIT_BYTES, address + commitAt)) || isBlankAhead(address + bytes, room - bytes)) {
      // The last entry may be half committed: then it has to answer alike for a while.
      if (!isCommit(readSteady(region, COMMIT_BYTES, address + commitAt))) return undefined;
    }
    const body = flash.read(commitAt, address);
    return region.crc32(body) === CRC_RESIDUE ? body : undefined;
  }

  /** Applies every whole entry of the chosen bank and finds its end. */
  function readBank(): void {
    const start = region.address + b.bank * bankBytes;
    b.at = BANK_AT.entries;
    while (b.at + ENTRY_MIN <= bankBytes) {
      let body = readEntry(start + b.at, bankBytes - b.at);
      if (!body) {
        if (isSteadilyBlank(region, Math.min(ENTRY_MAX, bankBytes - b.at), start + b.at)) return;
        // Torn or decayed. One bit can be turned back.
        b.spent = true;
        body = mendEntry(region, start + b.at, bankBytes - b.at);
      }
      entry.fill(0);
      if (body) {
        // Behind the payload everything is 0: so are the fields that an older version did not have yet.
        entry.set(new Uint8Array(body.buffer, body.byteOffset, PAYLOAD_AT + body[ENTRY_AT.payloadBytes]));
        apply(body[ENTRY_AT.kind], payload);
        b.at += body.length + COMMIT_BYTES;
        continue;
      }
      // What decayed further has whole entries behind it, which still count.
      const end = Math.min(b.at + 2 * ENTRY_MAX, bankBytes - ENTRY_MIN);
      do b.at += 4;
      while (b.at < end && !readEntry(start + b.at, bankBytes - b.at));
      if (b.at >= end) return;
      apply(LOST, payload);
    }
  }

  // The bank that counts is chosen and read.
  const first = readBankHeader(region, region.address);
  const second = readBankHeader(region, region.address + bankBytes);
  if (first || second) {
    b.bank = first && (!second || ((first.generation - second.generation) | 0) > 0) ? 0 : 1;
    const chosen = (b.bank === 0 ? first : second) as BankHeader;
    b.generation = chosen.generation;
    b.spent = !chosen.proven;
    // A header with nothing behind it may be half programmed. The older bank says the same and is surer, but must not be
    // written on: the newer header would still stand.
    if (b.spent && first && second) b.bank = 1 - b.bank;
    readBank();
  }
}

/**
 * Writes entries; nothing is written before the first. `snapshot` must append whatever still matters; it is called while the
 * entry in hand may be overwritten. Made anew for each use, as `openApply` is.
 */
export function openBanks(parts: BankParts, snapshot: () => void): Banks {
  const region = parts.region;
  const bankPages = parts.bankPages;
  const entry = parts.entry;
  const b = parts.end;
  const bankBytes = bankPages * region.pageBytes;
  const entryView = new DataView(entry.buffer);
  const word = new Uint8Array(COMMIT_BYTES);
  const wordView = new DataView(word.buffer);

  /** Programs the entry at `at`, and its commit word after that. */
  function put(payloadBytes: number): boolean {
    const commitAt = entryBytes(payloadBytes) - COMMIT_BYTES;
    const crcAt = commitAt - CRC_BYTES;
    entry.fill(0, PAYLOAD_AT + payloadBytes, crcAt);
    entryView.setUint32(crcAt, region.crc32(new Uint8Array(entry.buffer, 0, crcAt)), true);
    const address = region.address + b.bank * bankBytes + b.at;
    if (!program(region, new Uint8Array(entry.buffer, 0, commitAt), address)) return false;
    wordView.setUint32(0, COMMIT, true);
    if (!program(region, word, address + commitAt)) return false;
    b.at += commitAt + COMMIT_BYTES;
    return true;
  }

  /** Moves to the other bank: spoil, erase, verify, snapshot, and last the header that makes it true. */
  function compact(): boolean {
    const kept = entry.slice();
    const old = b.bank;
    const target = b.bank === 0 ? 1 : 0;
    const start = region.address + target * bankBytes;
    if (!isBlank(region, start, PIECE_BYTES)) program(region, new Uint8Array(BANK_HEADER_BYTES), start);
    for (let page = 0; page < bankPages; page++) {
      if (!eraseVerified(region, start + page * region.pageBytes)) return false;
    }
    b.bank = target;
    b.at = BANK_AT.entries;
    b.compacting = true;
    b.overflown = false;
    b.spent = false;
    snapshot();
    b.compacting = false;
    entry.set(kept);
    const next = (b.generation + 1) >>> 0;
    const header = new Uint8Array(BANK_HEADER_BYTES);
    const view = new DataView(header.buffer);
    view.setUint32(BANK_AT.magic, BANK_MAGIC, true);
    view.setUint32(BANK_AT.generation, next, true);
    view.setUint32(BANK_AT.snapshotEnd, b.at, true);
    view.setUint32(BANK_AT.crc, region.crc32(new Uint8Array(header.buffer, 0, BANK_AT.crc)), true);
    if (b.spent || !program(region, header, start)) {
      b.bank = old;
      b.spent = true;
      return false;
    }
    b.generation = next;
    return true;
  }

  return {
    append(kind, payloadBytes) {
      entry[ENTRY_AT.kind] = kind;
      entry[ENTRY_AT.payloadBytes] = payloadBytes;
      const bytes = entryBytes(payloadBytes);
      if (b.compacting) {
        b.overflown = b.overflown || b.at + bytes + ROOM_MIN > bankBytes;
        b.spent = b.spent || b.overflown || !put(payloadBytes);
        return;
      }
      for (let tries = 0; tries < 3 && !b.overflown; tries++) {
        if ((b.spent || b.at + bytes > bankBytes) && !compact() && !b.overflown) continue;
        if (b.overflown || b.at + bytes > bankBytes) break;
        if (put(payloadBytes)) return;
        b.spent = true;
      }
      throw new Error(b.overflown ? LEDGER_FULL : LEDGER_FAULT);
    },
  };
}
