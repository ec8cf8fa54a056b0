/** A time map with its two questions as methods. The firmware, which asks them as functions, takes it as it is. */
import { type Dating, dateSample, openTimeMap, presentTime, type TimeMap } from "../../firmware/clock/time-map.ts";
import type { Ledger } from "../../firmware/storage/ledger/ledger.ts";

export interface AskedMap extends TimeMap {
  date(session: number, rawMs: number, version: number): Dating;
  now(): ReturnType<typeof presentTime>;
}

export function createTimeMap(ledger: Ledger, clock: TimeMap["clock"], maxUncertaintyMs: number): AskedMap {
  const map = openTimeMap(ledger, clock, maxUncertaintyMs);
  return Object.assign(map, {
    date: (session: number, rawMs: number, version: number) => dateSample(map, session, rawMs, version),
    now: () => presentTime(map),
  });
}
