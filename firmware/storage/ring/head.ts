import { isAhead } from "../format/position.ts";
import { accountOf } from "../ledger/state.ts";
import { dropSamples } from "../ledger/writing.ts";
import { totalsOf } from "./extent.ts";
import { streamOf } from "./open-page.ts";
import { openReader } from "./reader.ts";
import type { Storage } from "./ring.ts";
import type { Head } from "./stream.ts";

/** The oldest pending sample that can be read. Lets unreadable ones before it go as `corrupt` if they fill a whole run. */
export function headOf(storage: Storage, pin: number): Head | undefined {
  const ledger = storage.ledger;
  const s = streamOf(storage, pin);
  for (;;) {
    const cursor = accountOf(ledger, pin).cursor;
    if (s && s.head && s.head.position === cursor) return s.head;
    const run = openReader(storage, pin, cursor, Number.POSITIVE_INFINITY);
    if (run.next() > 0) {
      const head = { position: cursor, session: run.session, rawMs: run.rawMs[0] };
      if (s) s.head = head;
      return head;
    }
    // Nothing can be read up to here, and nobody would ever ask again: it is let go, and counted.
    let to = run.position;
    let missing = run.corrupt;
    if (!isAhead(to, cursor)) {
      // The ledger counts less than lies behind its cursor. The samples to come say how many that are, if any are to come.
      if (s) return undefined;
      to = cursor + 1;
      missing = totalsOf(storage, pin).pending;
    }
    if (missing === 0) return undefined;
    // `to` is ahead of the cursor, so the cursor moves with every turn.
    dropSamples(ledger, pin, "corrupt", to, missing);
  }
}
