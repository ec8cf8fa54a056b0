/** What `backfill.status()` answers, as plain JSON: one shape for the firmware, the tools at the desk and the tests. */

/** Why samples that are no longer pending were not delivered. docs/flashing.md explains each. */
export interface DroppedCounts {
  /** Older than the server takes. */
  expired: number;
  /** The ring was full. */
  overwritten: number;
  /** Left out by `overload: "thin"`. */
  thinned: number;
  /** Their time can't be told within `maxTimeUncertaintyMs`. */
  undatable: number;
  /** The server refused the point. */
  refused: number;
  /** The value was not a number, or too large to store. */
  unrepresentable: number;
  /** The flash that held it decayed. */
  corrupt: number;
}

/**
 * A datastream's samples: `sampled` = `delivered` + `pending` + all of `dropped`. Slots in `missed` and `failed` had no
 * sample.
 */
export interface StreamStatus {
  /** `v` and the number of the virtual pin; "gone" for all that are no longer used and have no samples left, together. */
  pin: string;
  /** As in the device file; "" for a pin that was taken out of it and still drains. */
  name: string;
  sampled: number;
  delivered: number;
  pending: number;
  dropped: DroppedCounts;
  /** Of those delivered: points whose time was disproved later. They stand on the server with a wrong time. */
  misdated: number;
  /** Points that may stand twice on the server, with different times: of batches without an answer that could not be repeated. */
  duplicated: number;
  /** Slots that the sampler could not serve in time. */
  missed: number;
  /** Slots whose reading failed. */
  failed: number;
}

export interface DeviceStatus {
  /** Of the firmware, as in package.json. */
  version: string;
  /** Stretch of continuous raw time; 0 when nothing is logged. */
  session: number;
  /** Logged running time over all boots, in ms. */
  rawMs: number;
  /** Unix time in ms, at most `boundMs` off; null while it is not known. */
  time: { trueMs: number; boundMs: number } | null;
  streams: StreamStatus[];
  /**
   * Pages for samples. `keptPages` are of another format version, `badPages` could not be erased or written. Checked since the
   * start, until they are written anew: `mendedPages` had one wrong bit, and what was written is read; `decayedPages` had more,
   * and their samples count as corrupt.
   */
  ring: {
    pages: number;
    usedPages: number;
    keptPages: number;
    badPages: number;
    mendedPages: number;
    decayedPages: number;
  };
  /**
   * What is left of the rolling day's allowance; null when nothing is logged. `plan`: the server's, "documented", "2026" or
   * "own".
   */
  quota: { pointsLeft: number; requestsLeft: number; pointsMax: number; plan: string } | null;
  /** Time until the backlog is sent, while connected; null when it grows or nothing is logged. */
  backlogClearsMs: number | null;
  /** Of the last sync: the number of LED blinks (firmware/verdict.ts). */
  verdict: number;
  verdictText: string;
  wifi: boolean;
  /** Where requests go: the server that was provisioned, or the region that Blynk sent this unit to. "" when none is usable. */
  server: string;
  /** JsVars of Espruino's pool. */
  memory: { used: number; total: number };
  /** What a person has to put right, one sentence each. */
  faults: string[];
}
