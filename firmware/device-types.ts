/** The shape of `device.ts`: what a unit measures and where it sends. */

/**
 * Reads once and calls `done` once with the value in the datastream's own unit, or with NaN when the reading failed, and then
 * `why` in words, for the log. An exception is a failed reading too.
 */
export type Sensor = (done: (value: number, why?: string) => void) => void;

/** 1 is the most important. */
export type Priority = 1 | 2 | 3;

export interface Datastream {
  /** Blynk's virtual pin, "v0" to "v255". */
  pin: string;
  name: string;
  sensor: Sensor;
  /** Time between two samples, in ms. */
  intervalMs: number;
  /** Decimals kept, 0 to 4. Each takes a tenth of the largest value that can be stored: 34,359,738,366 without decimals. */
  decimals: number;
  /**
   * 1, 2 (default) or 3. When more waits than the day's allowance takes, 1 is sent first and 3 last. When the ring is full, pages
   * of 3 go first and those of 1 last.
   */
  priority?: Priority;
}

/** Limits of a server's plan. What is left out is as Blynk documents it (limits.ts). */
export interface PlanLimits {
  pointsPerRequestMax?: number;
  pointsPerDayMax?: number;
  requestsPerDayMax?: number;
  ageMaxMs?: number;
  bodyBytesMax?: number;
}

/** A limit beside `plan` goes before the plan's. */
export interface Server extends PlanLimits {
  /** "https://blynk.cloud" or another host; "http:" only with `allowPlainHttp`. `backfill.json` may override it. */
  url: string;
  allowPlainHttp?: boolean;
  /**
   * "documented" (default): 10,000 points a day, a month back, as Blynk's API pages say. "2026": 100,000 a day, three months
   * back, as its changelog of April and May 2026 says: what a server with the older limits is sent beyond them, it may drop and
   * answer OK. Or limits of your own.
   */
  plan?: "documented" | "2026" | PlanLimits;
}

export interface Device {
  name: string;
  /** The chip, for `npm run build` to check the pins. Default "ESP32". */
  board?: "ESP32" | "ESP32C3" | "ESP32S3";
  datastreams: Datastream[];
  server: Server;
  /** Two or more must agree. A single one is believed alone. */
  timeServers: string[];
  /** A sample whose time is less certain than this is held back. Default 5 minutes. */
  maxTimeUncertaintyMs?: number;
  /** What happens when the backlog cannot drain before it expires. Default "oldest-first". */
  overload?: "thin" | "oldest-first";
  /** Where samples are kept: a partition's label, or an explicit stretch for boards without a partition table. */
  region: string | { address: number; bytes: number };
  /** Time between two syncs while connected. Default: one hour. */
  syncEveryMs?: number;
  /** Time between two syncs of a radio that is on only during them. Absent: the radio is always on. */
  connectEveryMs?: number;
  button?: { pin: string; activeLow: boolean };
  led?: { pin: string; activeLow: boolean };
  /** Wireless consoles are off unless named here; they ask for `consolePassword` of backfill.json. */
  console?: { telnet?: boolean; bluetooth?: boolean };
}
