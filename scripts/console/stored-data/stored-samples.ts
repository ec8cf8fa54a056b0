import type { Clock } from "../../../firmware/clock/clock.ts";
import { createTimeMap, type TimeMap } from "../../../firmware/clock/time-map.ts";
import { HEADER_BYTES, headerKind } from "../../../firmware/storage/format/page.ts";
import { openStorage, type Storage } from "../../../firmware/storage/storage.ts";
import { FieldError } from "../terminal/field-error.ts";
import { flashRegionOf, type RegionCopy } from "./data-region.ts";
import { crc32 } from "./region-copy.ts";

/** The firmware's own storage code on a copy of a region. */
export interface StoredData extends Storage {
  copy: RegionCopy;
  map: TimeMap;
}

export interface ExportedSample {
  pin: string;
  /** ms since 1970, undefined while nothing dates it. */
  ts: number | undefined;
  /** Shortest exact decimal, "" for a reading that could not be represented. */
  value: string;
  /**
   * delivered: the server has it. undatable: let go, as nothing dates it. settled: one or the other of what the counters
   * say, delivered or dropped. sending: its fate is unknown. undated: waits, and nothing dates it yet.
   */
  state: "pending" | "sending" | "delivered" | "undatable" | "settled" | "undated";
  /** How far off `ts` can be, in ms. */
  boundMs: number | undefined;
}

/** What a sample is that nothing dates. */
const UNDATED: { [state: string]: ExportedSample["state"] } = { pending: "undated", delivered: "undatable" };

/** Mounts a copy. Throws a `FieldError` when its format is another. */
export function mountCopy(copy: RegionCopy, maxTimeUncertaintyMs = Number.POSITIVE_INFINITY): StoredData {
  const region = flashRegionOf(copy);
  for (let page = 0; page < region.pages; page++) {
    const head = region.flash.read(HEADER_BYTES, region.address + page * region.pageBytes);
    if (headerKind(crc32, head) === "foreign") {
      throw new FieldError(
        "The data was written by another version of the firmware, in another format.",
        "Use the commands of that version to export it.",
      );
    }
  }
  const { ledger, ring } = openStorage(region, []);
  // Nothing runs here: the present is where the data ends.
  const lastRawMs = Math.max(ledger.lastRawMs(), ring.lastRawMs());
  const clock: Clock = {
    session: () => ledger.session(),
    rawMs: () => lastRawMs,
    rawAtTimer: () => lastRawMs,
    blocked: (work) => work(),
    confirm: (_sinceRawMs, done) => done(),
    watch: () => () => {},
  };
  return {
    copy,
    ledger,
    ring,
    map: createTimeMap(ledger, clock, Math.min(maxTimeUncertaintyMs, Number.MAX_SAFE_INTEGER)),
  };
}

/** All pins with data, by number. */
export function pinsOf(data: StoredData): number[] {
  return [...new Set([...data.ring.pins(), ...data.ledger.pins()])].sort((a, b) => a - b);
}

/** Every sample of a pin that is still in flash, in order. */
export function* samplesOf(data: StoredData, pin: number): Generator<ExportedSample> {
  const { ledger, ring, map } = data;
  const cursor = ledger.cursor(pin);
  const attempt = ledger.attempt(pin);
  const counters = ledger.counters(pin);
  const dropped = counters.expired + counters.overwritten + counters.thinned + counters.refused;
  const settled = dropped === 0 ? "delivered" : "settled";
  const version = Number.POSITIVE_INFINITY;
  const runs: { from: number; to: number; state: ExportedSample["state"] }[] = [
    { from: 0, to: cursor, state: settled },
    { from: attempt?.from ?? cursor, to: attempt?.to ?? cursor, state: "sending" },
    { from: attempt?.to ?? cursor, to: Number.POSITIVE_INFINITY, state: "pending" },
  ];
  for (const run of runs) {
    if (run.to === run.from || run.to === 0) continue;
    let from = run.from;
    // A reader ends where the decimals change; the next one goes on behind it.
    for (;;) {
      const decimals = ring.decimals(pin, from);
      const reader = ring.reader(pin, from, run.to);
      let any = false;
      for (let n = reader.next(); n > 0; n = reader.next()) {
        any = true;
        for (let i = 0; i < n; i++) {
          const dating = map.date(reader.session, reader.rawMs[i], version);
          const dated = dating.state === "dated" ? dating.segment : undefined;
          const rawMs = reader.rawMs[i];
          yield {
            pin: `v${pin}`,
            ts: dated && Math.round(dated.trueMs + (rawMs - dated.fromRawMs) * dated.rate),
            value: formatScaled(reader.values[i], decimals),
            state: dated === undefined ? (UNDATED[run.state] ?? run.state) : run.state,
            boundMs: dated && Math.ceil(dated.boundMs(rawMs)),
          };
        }
      }
      if (!any || reader.position === from) break;
      from = reader.position;
    }
  }
}

/** A scaled integer as its shortest exact decimal: 215 with one decimal is "21.5", 210 is "21". */
export function formatScaled(value: number, decimals: number): string {
  if (Number.isNaN(value)) return "";
  const digits = Math.abs(value)
    .toString()
    .padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return `${value < 0 ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** Pending samples of a pin that a new device file or region would not send any more; see `flash`. */
export function pendingOf(data: StoredData): { pin: number; pending: number; decimals: number }[] {
  return pinsOf(data)
    .map((pin) => {
      const head = data.ring.head(pin);
      const pending = data.ring.totals(pin).pending;
      return { pin, pending, decimals: head === undefined ? -1 : data.ring.decimals(pin, head.position) };
    })
    .filter((stream) => stream.pending > 0);
}
