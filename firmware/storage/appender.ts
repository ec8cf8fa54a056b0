/** Puts samples on flash. It stays in memory; what only some samples need is made for them. */

import { createPen } from "./ring/pen.ts";
import { startRing, write } from "./ring/ring.ts";
import { scrubPage } from "./ring/scrub.ts";
import { createWriter } from "./ring/writer.ts";
import { type StorageCore, storageOf } from "./storage-core.ts";

export interface Appender {
  /** As `Ring.append`. */
  append(pin: number, rawMs: number, value: number): boolean;
  /** As `Ring.fail`. */
  fail(pin: number, rawMs: number): void;
}

/** Any sample but the usual one, and without a value a reading that failed. */
function writeSlowly(core: StorageCore, pin: number, rawMs: number, value: number | undefined): boolean {
  "on demand";
  const stream = core.ring.streams[pin];
  // Its newest page is looked for.
  if (stream && !stream.known) storageOf(core).parts.streamOf(pin);
  const writer = createWriter(core.ring.region, core.ring.session, () => storageOf(core));
  return write(writer, stream, rawMs, value);
}

export function createAppender(core: StorageCore): Appender {
  return {
    append: createPen(core.ring.region.flash, core.ring.streams, (pin, rawMs, value) =>
      writeSlowly(core, pin, rawMs, value),
    ),
    fail(pin, rawMs) {
      writeSlowly(core, pin, rawMs, undefined);
    },
  };
}

/** A jump of the clock begins a session. */
export function beginSession(core: StorageCore, session: number, rawMs: number): void {
  "on demand";
  startRing(core.ring, session);
  storageOf(core).ledger.boot(session, rawMs);
}

/** Checks a page that waits to be sent. */
export function checkPage(core: StorageCore, page: number): void {
  "on demand";
  scrubPage(storageOf(core).parts, page);
}
