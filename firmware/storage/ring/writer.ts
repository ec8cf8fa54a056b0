import { FAILED, WORDS } from "../format/code-words.ts";
import { VALUE_MAX } from "../format/decimal.ts";
import { createPage, leadMs, type Page, SEAL_AT, startPage } from "../format/page.ts";
import { settledOf } from "../ledger/reading.ts";
import { accountOf } from "../ledger/state.ts";
import { retireReadings } from "../ledger/writing.ts";
import { program } from "../proven-flash.ts";
import type { Storage } from "./ring.ts";
import { encodeSeal, pageCrc } from "./seal.ts";
import { takeFreePage } from "./space.ts";
import { commitSample, createScratch, encodeSample, meanJitterMs, nextBook, type Stream } from "./stream.ts";

/** Failed readings that are on no page reach the ledger at this interval, which is 144 entries a day. */
const NOTE_MS = 600000;

/** Puts samples on flash, page after page. */
export interface Writer {
  /** False when the flash fails. */
  log(s: Stream, rawMs: number, value: number): boolean;
  fail(s: Stream, rawMs: number): void;
}

export function createWriter(storage: Storage): Writer {
  const region = storage.ring.region;
  const pageBytes = region.pageBytes;
  const scratch = createScratch(storage.ring.session);
  const one = new Uint8Array(1);

  /** Seals the stream's page and takes another for a sample at `rawMs`. False when no page can be had. */
  function turn(s: Stream, rawMs: number, value: number): boolean {
    const old = s.page;
    const retired = accountOf(storage.ledger, s.pin);
    const next = createPage(s.pin, s.decimals, nextBook(s), s.intervalMs, pageBytes);
    let startMs = s.rebase ? rawMs + leadMs(next) : rawMs;
    const settled = settledOf(storage.ledger, s.pin) >>> 0;
    next.sampledBefore = settled;
    next.missedBefore = retired.missed;
    next.failedBefore = retired.failed + s.failed;
    if (old) {
      const before = (old.sampledBefore + old.count) >>> 0;
      // More may be settled than the pages say: a page of theirs decayed. Counting on from less, samples would not seem pending.
      if (((before - settled) | 0) > 0) next.sampledBefore = before;
      next.missedBefore = (old.missedBefore + old.missed) >>> 0;
      next.failedBefore = (old.failedBefore + old.failed + s.failed) >>> 0;
      if (!s.rebase && s.open) {
        // The grid of slots goes on, shifted by the mean jitter.
        const skipped = Math.ceil((rawMs - old.nextMs) / old.intervalMs - 0.5);
        startMs = Math.max(0, old.nextMs + skipped * old.intervalMs + meanJitterMs(old));
        // No record can set the base to before the page's own: a sample that is early begins the grid itself.
        if (rawMs < startMs - next.jitterSpan) startMs = rawMs;
        next.missedBefore = (next.missedBefore + Math.max(0, skipped - s.failed)) >>> 0;
      }
      if (!old.sealed && old.sealable) {
        // What is misread must not be sealed: two have to agree.
        let crc = pageCrc(region, old.address, -1, 0);
        if (pageCrc(region, old.address, -1, 0) !== crc) crc = pageCrc(region, old.address, -1, 0);
        const seal = encodeSeal(region.crc32, old, crc);
        old.sealed = program(region, seal, old.address + SEAL_AT);
        old.sealable = false;
      }
      s.open = false;
    }
    startPage(next, scratch.session, startMs, Math.abs(value) <= VALUE_MAX ? value : old ? old.value : 0);
    if (!takeFreePage(storage, next)) return false;
    s.page = next;
    s.open = true;
    s.rebase = false;
    s.torn = false;
    s.failed = 0;
    return true;
  }

  /**
   * Programs the record in `scratch`. What a cut leaves of one program may look blank, so none is longer than a sample, unless
   * what it belongs to shows: the kind of an absolute record or a shift goes first, alone. Once it stands, a cut can't hide how
   * far the rest reaches.
   */
  function put(page: Page, length: number): boolean {
    const bytes = scratch.bytes;
    let at = 0;
    while (at < length) {
      const rest = length - at;
      const single = scratch.absolute ? at === 0 : at < scratch.skipped + (scratch.shiftMs === 0 ? 0 : 1);
      const size = single ? 1 : rest;
      if (!program(region, bytes.slice(at, at + size), page.address + page.at + at)) return false;
      at += size;
    }
    return true;
  }

  function log(s: Stream, rawMs: number, value: number): boolean {
    for (let tries = 0; tries < 4; tries++) {
      const page = s.page;
      if (page && s.open) {
        const length = encodeSample(s, page, rawMs, value, scratch);
        if (length > 0 && page.at + length <= pageBytes) {
          if (put(page, length)) {
            commitSample(s, page, rawMs, scratch, pageBytes);
            return true;
          }
          // What was programmed is torn. The sample is tried behind it once, then on another page.
          page.at += length + page.words;
          page.plainUntil = 0;
          if (s.torn) s.open = false;
          s.torn = true;
          continue;
        }
      }
      if (!turn(s, rawMs, value)) return false;
    }
    return false;
  }

  /** Notes in the ledger how many readings have failed, once in NOTE_MS: no page may count them before the next boot. */
  function noteFailed(s: Stream, rawMs: number): void {
    if (Math.floor(rawMs / NOTE_MS) === Math.floor((rawMs - s.intervalMs) / NOTE_MS)) return;
    const page = s.page;
    const retired = accountOf(storage.ledger, s.pin);
    const missed = page ? page.missedBefore + page.missed : retired.missed;
    retireReadings(storage.ledger, s.pin, missed, (page ? page.failedBefore + page.failed : retired.failed) + s.failed);
    if (!page) s.failed = 0;
  }

  /** A slot passed whose reading failed. */
  function fail(s: Stream, rawMs: number): void {
    const page = s.page;
    s.failed++;
    // Without a proven base a word would not be read; the next page's header counts it instead.
    if (!page || !s.open || s.rebase || s.torn || page.at >= pageBytes || rawMs < page.rawMs) {
      noteFailed(s, rawMs);
      return;
    }
    one[0] = WORDS[FAILED];
    if (!program(region, one, page.address + page.at)) {
      page.at += 1 + page.words;
      page.plainUntil = 0;
      s.torn = true;
      return;
    }
    s.failed--;
    page.at++;
    page.failed++;
    page.nextMs += page.intervalMs;
  }

  return { log: log, fail: fail };
}
