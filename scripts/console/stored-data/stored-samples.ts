import type { Clock } from "../../../firmware/clock/clock.ts";
import { createTimeMap, type TimeMap } from "../../../firmware/clock/time-map.ts";
import { HEADER_BYTES, headerKind } from "../../../firmware/storage/format/page.ts";
import { openStorage, type Storage } from "../../../firmware/storage/storage.ts";
import { FieldError } from "../terminal/field-error.ts";
import { flashRegionOf, type RegionCopy } from "./data-region.ts";
import { crc32 } from "./flash-image.ts";

/** The firmware's own storage code on a copy of a region. */
export interface StoredData extends Storage {
  copy: RegionCopy;
  clock: Clock;
  map: TimeMap;
}

export interface ExportedSample {
  pin: string;
  /** ms since 1970; undefined when nothing dates the sample. */
  ts: number | undefined;
  /** Shortest exact decimal; "" for a reading that could not be represented. */
  value: string;
  /**
   * pending: waits to be sent. undated: waits, and nothing dates it yet. sending: its request had no answer. delivered: the
   * server has it. undatable: dropped, because nothing dates it. settled: delivered or dropped; the counters say how many
   * of each.
   */
  state: "pending" | "sending" | "delivered" | "undatable" | "settled" | "undated";
  /** How far off `ts` can be, in ms. */
  boundMs: number | undefined;
  /** `ts` follows from what a person stated; the device does not know it. */
  stated: boolean;
}

/** The state of a sample that nothing dates, by the state that it would have with a date. */
const UNDATED: { [state: string]: ExportedSample["state"] } = { pending: "undated", delivered: "undatable" };

/** Opens a copy. Throws a `FieldError` when another version of the firmware wrote it in another format. */
export function mountCopy(copy: RegionCopy, maxTimeUncertaintyMs = Number.POSITIVE_INFINITY): StoredData {
  const region = flashRegionOf(copy);
  for (let page = 0; page < region.pages; page++) {
    const head = region.flash.read(HEADER_BYTES, region.address + page * region.pageBytes);
    if (headerKind(crc32, head) === "foreign") {
      throw new FieldError(
        "Another version of the firmware wrote the data, in another format.",
        "Export the data with the commands of that version.",
      );
    }
  }
  const { ledger, ring } = openStorage(region, []);
  // No program runs here: the present is the end of the data.
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
    clock,
    ledger,
    ring,
    map: createTimeMap(ledger, clock, Math.min(maxTimeUncertaintyMs, Number.MAX_SAFE_INTEGER)),
  };
}

/** All pins with data, by number. */
export function pinsOf(data: StoredData): number[] {
  return [...new Set([...data.ring.pins(), ...data.ledger.pins()])].sort((a, b) => a - b);
}

/** All samples of a pin that are still in flash, oldest first. `stated` dates those that it knows better than the device does. */
export function* samplesOf(data: StoredData, pin: number, stated?: TimeMap): Generator<ExportedSample> {
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
    // A reader ends where the decimals change; the next reader continues from there.
    for (;;) {
      const decimals = ring.decimals(pin, from);
      const reader = ring.reader(pin, from, run.to);
      let any = false;
      for (let n = reader.next(); n > 0; n = reader.next()) {
        any = true;
        for (let i = 0; i < n; i++) {
          const rawMs = reader.rawMs[i];
          const dating = map.date(reader.session, rawMs, version);
          const known = dating.state === "dated" ? dating.segment : undefined;
          const told = stated?.date(reader.session, rawMs, version);
          // What a clock says of its own boot is not made better by a person's statement, but for the last digits.
          const better =
            told?.state === "dated" && (known === undefined || 2 * told.segment.boundMs(rawMs) < known.boundMs(rawMs));
          const dated = better ? told.segment : known;
          yield {
            pin: `v${pin}`,
            ts: dated && Math.round(dated.trueMs + (rawMs - dated.fromRawMs) * dated.rate),
            value: formatScaled(reader.values[i], decimals),
            state: known === undefined ? (UNDATED[run.state] ?? run.state) : run.state,
            boundMs: dated && Math.ceil(dated.boundMs(rawMs)),
            stated: better,
          };
        }
      }
      if (!any || reader.position === from) break;
      from = reader.position;
    }
  }
}

/** A scaled integer as its shortest exact decimal: with one decimal, 215 is "21.5" and 210 is "21". */
function formatScaled(value: number, decimals: number): string {
  if (Number.isNaN(value)) return "";
  const digits = Math.abs(value)
    .toString()
    .padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return `${value < 0 ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** The pins with pending samples. `decimals` are those of the oldest pending sample, -1 when there is none. */
export function pendingOf(data: StoredData): { pin: number; pending: number; decimals: number }[] {
  return pinsOf(data)
    .map((pin) => {
      const head = data.ring.head(pin);
      const pending = data.ring.totals(pin).pending;
      return { pin, pending, decimals: head === undefined ? -1 : data.ring.decimals(pin, head.position) };
    })
    .filter((stream) => stream.pending > 0);
}
