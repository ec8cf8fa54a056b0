import type { Clock } from "../clock/clock.ts";
import type { TimeMap } from "../clock/time-map.ts";
import type { Chip, Http, Log, Store, Timers } from "../platform/ports.ts";
import type { Storage } from "../storage/ring/ring.ts";
import type { DrainMemory } from "./drain.ts";
import type { Endpoint } from "./endpoint.ts";
import type { OverloadMemory } from "./overload.ts";
import type { PaceMemory } from "./pace.ts";
import type { PlanMemory } from "./planner.ts";
import type { UploadSettings } from "./planning.ts";
import type { SampleSource } from "./sample-source.ts";
import type { AskServer } from "./server-date.ts";

/** What a boot's deliveries remember: plain data, which stays while the code of an upload comes and goes. */
export interface UploadMemory extends DrainMemory, PaceMemory, OverloadMemory, PlanMemory {}

/** What an upload is made of: plain data, while its functions come and go. */
export interface Upload {
  parts: UploadParts;
  endpoint: Endpoint;
  settings: UploadSettings;
  memory: UploadMemory;
}

/** What the upload works with. One object goes to all its factories: taken one by one, each part costs each factory a JsVar. */
export interface UploadParts {
  storage: Storage;
  map: TimeMap;
  source: SampleSource;
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
