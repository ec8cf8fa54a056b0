import { BOOT_SESSIONS } from "../../../firmware/clock/clock.ts";
import { openTimeMap, type TimeMap } from "../../../firmware/clock/time-map.ts";
import { putFix } from "../../../firmware/storage/ledger/entries.ts";
import { addFixRow, createFixTable } from "../../../firmware/storage/ledger/fix-rows.ts";
import type { Fix } from "../../../firmware/storage/ledger/ledger.ts";
import { pinsOf, type StoredData } from "./stored-samples.ts";

/** A person states a time to the minute. */
const STATED_BOUND_MS = 60000;

/** The samples of one boot that are still in flash. */
interface StoredBoot {
  boot: number;
  session: number;
  lastRawMs: number;
  /** Time between its last two samples; 0 when it has only one. */
  intervalMs: number;
}

const bootOf = (session: number) => Math.floor(session / BOOT_SESSIONS);

/** All boots with samples in flash. */
function bootsOf({ ring }: StoredData, pins: number[]): Map<number, StoredBoot> {
  const boots = new Map<number, StoredBoot>();
  for (const pin of pins) {
    let from = 0;
    for (;;) {
      const reader = ring.reader(pin, from, Number.POSITIVE_INFINITY);
      for (let n = reader.next(); n > 0; n = reader.next()) {
        const { session, rawMs } = reader;
        const boot = bootOf(session);
        const known = boots.get(boot) ?? { boot, session, lastRawMs: 0, intervalMs: 0 };
        for (const one of rawMs.slice(0, n).filter((one) => one > known.lastRawMs)) {
          known.intervalMs = known.lastRawMs > 0 ? one - known.lastRawMs : 0;
          known.lastRawMs = one;
          known.session = session;
        }
        boots.set(boot, known);
      }
      if (reader.position === from) break;
      from = reader.position;
    }
  }
  return boots;
}

/**
 * The time map that holds if the power went off at the true time `offMs`. A boot that met no clock ended then: the last of
 * those before the first fix that is later. Undefined when every boot with samples met a clock.
 */
export function statedMap(data: StoredData, offMs: number): TimeMap | undefined {
  const rows = data.ledger.fixes();
  const fixes = Array.from({ length: rows.length }, (_, i) => rows.at(i));
  const met = new Set(fixes.map((fix) => bootOf(fix.session)));
  const later = fixes.find((fix) => fix.trueMs > offMs);
  const [last] = [...bootsOf(data, pinsOf(data)).values()]
    .filter(({ boot, lastRawMs }) => !met.has(boot) && (later === undefined || lastRawMs < later.rawMs))
    .sort((a, b) => b.lastRawMs - a.lastRawMs);
  if (last === undefined) return undefined;
  // The power went off at most one interval after the last sample.
  const halfMs = Math.ceil(last.intervalMs / 2);
  const stated: Fix = {
    // No version of the map leaves it out.
    id: 0,
    session: last.session,
    rawMs: last.lastRawMs,
    trueMs: offMs - halfMs,
    boundMs: STATED_BOUND_MS + halfMs,
    kind: 0,
  };
  const withStated = createFixTable();
  const payload = new DataView(new ArrayBuffer(64));
  for (const fix of [...fixes, stated].sort((a, b) => a.rawMs - b.rawMs)) {
    putFix(payload, fix);
    addFixRow(withStated, payload, 0);
  }
  const { told, ...ledger } = data.ledger.data;
  const stating = { ...ledger, told: { ...told, fixes: withStated } };
  return openTimeMap(stating, data.clock, Number.MAX_SAFE_INTEGER);
}
