import type { Clock } from "../../../firmware/clock/clock.ts";
import { boundMsAt, dateSample, openTimeMap, type TimeMap, trueMsAt } from "../../../firmware/clock/time-map.ts";
import { decimalText } from "../../../firmware/storage/format/decimal.ts";
import { HEADER_BYTES, headerKind } from "../../../firmware/storage/format/page.ts";
import { openStorage, type WholeStorage } from "../../../firmware/storage/whole-storage.ts";
import { FieldError } from "../terminal/field-error.ts";
import { flashRegionOf, type RegionCopy } from "./data-region.ts";
import { crc32 } from "./flash-image.ts";

/** The firmware's own storage code on a copy of a region. */
export interface StoredData extends WholeStorage {
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

/** `known`: the device itself can date it. */
type StoredSample = Omit<ExportedSample, "state"> & { known: boolean };

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
  const storage = openStorage(region, []);
  const { ledger, ring } = storage;
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
    ...storage,
    map: openTimeMap(ledger.data, clock, Math.min(maxTimeUncertaintyMs, Number.MAX_SAFE_INTEGER)),
  };
}

/** All pins with data, by number. */
export function pinsOf(data: StoredData): number[] {
  return [...new Set([...data.ring.pins(), ...data.ledger.pins()])].sort((a, b) => a - b);
}

/** All samples of a pin that are still in flash, oldest first. `stated` dates those that it knows better than the device does. */
export function* samplesOf(data: StoredData, pin: number, stated?: TimeMap): Generator<ExportedSample> {
  const cursor = data.ledger.cursor(pin);
  const attempt = data.ledger.attempt(pin);
  const settled = settledState(data, pin, cursor);
  // The device sends no reading that it could not represent. A person may have marked it as delivered.
  const settledBlank = data.ledger.counters(pin).unrepresentable > 0 ? "settled" : settled;
  const runs: { from: number; to: number; state: ExportedSample["state"] }[] = [
    { from: 0, to: cursor, state: settled },
    { from: attempt?.from ?? cursor, to: attempt?.to ?? cursor, state: "sending" },
    { from: attempt?.to ?? cursor, to: Number.POSITIVE_INFINITY, state: "pending" },
  ];
  for (const { from, to, state } of runs) {
    if (to === from || to === 0) continue;
    for (const { known, ...sample } of readRun(data, pin, { from, to }, stated)) {
      const isBlank = sample.value === "" && state === "delivered";
      yield { ...sample, state: stateOf(known, isBlank ? settledBlank : state) };
    }
  }
}

/** The samples of a pin between two positions. */
function* readRun(
  { ring, map }: StoredData,
  pin: number,
  run: { from: number; to: number },
  stated?: TimeMap,
): Generator<StoredSample> {
  const version = Number.POSITIVE_INFINITY;
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
        const dating = dateSample(map, reader.session, rawMs, version);
        const known = dating.state === "dated" ? dating.segment : undefined;
        const told = stated && dateSample(stated, reader.session, rawMs, version);
        // What a clock says of its own boot is not made better by a person's statement, but for the last digits.
        const better =
          told?.state === "dated" &&
          (known === undefined || 2 * boundMsAt(told.segment, rawMs) < boundMsAt(known, rawMs));
        const dated = better ? told.segment : known;
        yield {
          pin: `v${pin}`,
          ts: dated && Math.round(trueMsAt(dated, rawMs)),
          value: Number.isNaN(reader.values[i]) ? "" : decimalText(reader.values[i], decimals),
          boundMs: dated && Math.ceil(boundMsAt(dated, rawMs)),
          stated: better,
          known: known !== undefined,
        };
      }
    }
    if (!any || reader.position === from) return;
    from = reader.position;
  }
}

/**
 * The state of the samples before the cursor. The ledger counts what was dropped, but does not say which samples. So all are
 * "settled" if one of them may have been dropped that has a number and a date. Those without tell for themselves.
 */
function settledState(data: StoredData, pin: number, cursor: number): ExportedSample["state"] {
  const { delivered: _, unrepresentable: __, undatable, ...others } = data.ledger.counters(pin);
  if (Object.values(others).some((count) => count > 0)) return "settled";
  if (undatable === 0) return "delivered";
  // Some that the device could not date may have a date here: the bound is not limited here.
  let undated = 0;
  for (const { known } of readRun(data, pin, { from: 0, to: cursor })) if (!known) undated++;
  return undatable > undated ? "settled" : "delivered";
}

/** The state of one sample, by that of its run: a sample that the device can't date was not sent. */
function stateOf(known: boolean, state: ExportedSample["state"]): ExportedSample["state"] {
  if (known) return state;
  return state === "pending" ? "undated" : state === "delivered" ? "undatable" : state;
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
