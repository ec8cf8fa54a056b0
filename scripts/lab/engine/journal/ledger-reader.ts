/** Reads along what the firmware writes in its ledger and in the headers of its pages (firmware/storage/FORMAT.md). */

import type { DroppedCounts } from "../../../../firmware/status-types.ts";
import { get48 } from "../../../../firmware/storage/format/int48.ts";
import { HEADER_AT, HEADER_BYTES, headerKind } from "../../../../firmware/storage/format/page.ts";
import { COUNTERS } from "../../../../firmware/storage/ledger/counters.ts";
import {
  ATTEMPT,
  BOOT,
  BOOT_AT,
  DROP,
  DROP_AT,
  FAIL,
  FAIL_AT,
  FIX,
  getAttempt,
  getFix,
  PIN_AT,
  SENT,
  SENT_AT,
} from "../../../../firmware/storage/ledger/entries.ts";
import type { Attempt, Fix, Settlement } from "../../../../firmware/storage/ledger/ledger-types.ts";
import { crc32 } from "../../../simulator/espruino/bytes.ts";
import { LEDGER_PAGES, PAGE_BYTES } from "../../../simulator/partitions.ts";

/** What an entry says, once it counts. Positions are the firmware's. */
export interface LedgerListener {
  booted(session: number): void;
  fixed(fix: Fix): void;
  attempted(attempt: Attempt): void;
  sent(pin: number, to: number, counts: Omit<Settlement, "lastTrueMs">): void;
  /** `keeps`: nobody knows whether the server took it, so it comes again. */
  failed(pin: number, keeps: boolean): void;
  dropped(pin: number, reason: keyof DroppedCounts, to: number, count: number): void;
  /** A page of the ring begins: this many samples of its datastream lie before it. */
  pageTaken(pin: number, sequence: number, samplesBefore: number): void;
}

/** FORMAT.md, "Entry": the word that makes it count, programmed last. */
const COMMIT = [0x0f, 0x1e, 0x2d, 0x3c];
const CRC_BYTES = 4;
const PAYLOAD_AT = 2;

/** Takes each program of the region: the offset in it, and the cells as they are now. */
export function createLedgerReader(listener: LedgerListener): (at: number, data: Uint8Array) => void {
  let body = new Uint8Array(0);
  let bodyEnd = -1;

  function readEntry(): void {
    const payload = new DataView(body.buffer, body.byteOffset + PAYLOAD_AT, body.length - PAYLOAD_AT - CRC_BYTES);
    const kind = body[0];
    const pin = payload.byteLength > PIN_AT ? payload.getUint8(PIN_AT) : 0;
    if (kind === BOOT) listener.booted(payload.getUint32(BOOT_AT.session, true));
    else if (kind === FIX) listener.fixed(getFix(payload, 0));
    else if (kind === ATTEMPT) listener.attempted(getAttempt(payload));
    else if (kind === FAIL) listener.failed(pin, payload.getUint8(FAIL_AT.keep) === 1);
    else if (kind === SENT) {
      listener.sent(pin, get48(payload, SENT_AT.to), {
        delivered: payload.getUint32(SENT_AT.delivered, true),
        thinned: payload.getUint32(SENT_AT.thinned, true),
        undatable: payload.getUint32(SENT_AT.undatable, true),
        unrepresentable: payload.getUint32(SENT_AT.unrepresentable, true),
        corrupt: payload.getUint32(SENT_AT.corrupt, true),
      });
    } else if (kind === DROP) {
      const reason = COUNTERS[payload.getUint8(DROP_AT.reason)] as keyof DroppedCounts;
      listener.dropped(pin, reason, get48(payload, DROP_AT.to), payload.getUint32(DROP_AT.count, true));
    }
  }

  function readHeader(header: Uint8Array): void {
    if (headerKind(crc32, header) !== "ours") return;
    const view = new DataView(header.buffer, header.byteOffset);
    const samplesBefore = view.getUint32(HEADER_AT.samplesBefore, true);
    listener.pageTaken(view.getUint8(HEADER_AT.pin), view.getUint32(HEADER_AT.sequence, true), samplesBefore);
  }

  return (at, data) => {
    if (at >= LEDGER_PAGES * PAGE_BYTES) {
      if (at % PAGE_BYTES === 0 && data.length === HEADER_BYTES) readHeader(data.slice());
    } else if (data.length !== COMMIT.length) {
      body = data.slice();
      bodyEnd = at + data.length;
    } else if (at === bodyEnd && COMMIT.every((byte, i) => byte === data[i])) {
      bodyEnd = -1;
      readEntry();
    }
  };
}
