/** What the upload asks of the storage and of the time map: tests answer from lists of samples. */
import { type Dating, dateSample, presentTime, type TimeMap } from "../clock/time-map.ts";
import type { Position } from "../storage/format/position.ts";
import {
  countBetween,
  decimalsAt,
  endAfter,
  intervalMsAt,
  type StreamTotals,
  totalsOf,
} from "../storage/ring/extent.ts";
import { headOf } from "../storage/ring/head.ts";
import { priorityOf } from "../storage/ring/open-page.ts";
import { pinsOf } from "../storage/ring/page-table.ts";
import { openReader, type Reader } from "../storage/ring/reader.ts";
import type { Storage } from "../storage/ring/ring.ts";
import type { Head } from "../storage/ring/stream.ts";

/** Each member is documented where its function is. */
export interface SampleSource {
  /** Pins that own pages, configured or not. */
  pins(storage: Storage): number[];
  priority(storage: Storage, pin: number): number;
  totals(storage: Storage, pin: number): StreamTotals;
  head(storage: Storage, pin: number): Head | undefined;
  reader(storage: Storage, pin: number, from: Position, to: Position): Reader;
  count(storage: Storage, pin: number, from: Position, to: Position): number;
  end(storage: Storage, pin: number, from: Position, points: number): Position;
  decimals(storage: Storage, pin: number, position: Position): number;
  intervalMs(storage: Storage, pin: number, position: Position): number;
  date(map: TimeMap, session: number, rawMs: number, version: number): Dating;
  now(map: TimeMap): { trueMs: number; boundMs: number } | undefined;
}

/** The ring's, and the time map's own. */
export function sampleSource(): SampleSource {
  return {
    pins: pinsOf,
    priority: priorityOf,
    totals: totalsOf,
    head: headOf,
    reader: openReader,
    count: countBetween,
    end: endAfter,
    decimals: decimalsAt,
    intervalMs: intervalMsAt,
    date: dateSample,
    now: presentTime,
  };
}
