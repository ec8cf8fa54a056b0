import type { Clock } from "../clock/clock.ts";
import type { TimeMap } from "../clock/time-map.ts";
import type { Chip, Http, Log, Store, Timers } from "../platform/ports.ts";
import type { Ledger } from "../storage/ledger/ledger.ts";
import type { RingReading } from "../storage/ring/ring.ts";
import type { AskServer } from "./server-date.ts";

/** What the upload works with. One object goes to all its factories: taken one by one, each part costs each factory a JsVar. */
export interface UploadParts {
  ring: RingReading;
  ledger: Ledger;
  map: TimeMap;
  clock: Clock;
  http: Http;
  /** Where a region that Blynk names is kept. */
  store: Pick<Store, "writeJson">;
  askServer: AskServer;
  /** Their callbacks may throw (guard.ts). */
  timers: Timers;
  chip: Pick<Chip, "random">;
  log: Log;
}
