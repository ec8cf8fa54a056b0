import type { Clock } from "../clock/clock.ts";
import type { TimeMap } from "../clock/time-map.ts";
import type { Chip, Http, Log, Timers } from "../platform/ports.ts";
import type { Ledger } from "../storage/ledger/ledger.ts";
import type { Ring } from "../storage/ring/ring.ts";

/** What the upload works with. One object goes to all its factories: taken one by one, each part costs each factory a JsVar. */
export interface UploadParts {
  ring: Ring;
  ledger: Ledger;
  map: TimeMap;
  clock: Clock;
  http: Http;
  /** Their callbacks may throw (guard.ts). */
  timers: Timers;
  chip: Pick<Chip, "random">;
  log: Log;
}
