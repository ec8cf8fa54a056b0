/** Puts samples on flash. It stays in memory; what only some samples need is made for them. */

import { recordBoot } from "./ledger/writing.ts";
import { streamOf } from "./ring/open-page.ts";
import { createPen } from "./ring/pen.ts";
import { type Storage, startRing, write } from "./ring/ring.ts";
import { scrubPage } from "./ring/scrub.ts";
import { createWriter } from "./ring/writer.ts";

export interface Appender {
  /**
   * Logs a sample: a scaled integer (NaN or too large counts as unrepresentable) at a whole ms of raw time.
   * True = it is on flash, read back. False = flash fault, or no such datastream.
   */
  append(pin: number, rawMs: number, value: number): boolean;
  /** A slot passed whose reading failed. */
  fail(pin: number, rawMs: number): void;
}

/** Any sample but the usual one, and without a value a reading that failed. */
function writeSlowly(storage: Storage, pin: number, rawMs: number, value: number | undefined): boolean {
  "on demand";
  return write(createWriter(storage), streamOf(storage, pin), rawMs, value);
}

export function createAppender(storage: Storage): Appender {
  return {
    append: createPen(storage.ring.region, storage.ring.streams, (pin, rawMs, value) =>
      writeSlowly(storage, pin, rawMs, value),
    ),
    fail(pin, rawMs) {
      writeSlowly(storage, pin, rawMs, undefined);
    },
  };
}

/** A jump of the clock begins a session. */
export function beginSession(storage: Storage, session: number, rawMs: number): void {
  "on demand";
  startRing(storage.ring, session);
  recordBoot(storage.ledger, session, rawMs);
}

/** Checks a page that waits to be sent. */
export function checkPage(storage: Storage, page: number): void {
  "on demand";
  scrubPage(storage, page);
}
