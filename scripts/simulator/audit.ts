/** Compares the firmware's word with the simulator's record and with what the server holds. */

import type { DeviceStatus } from "../../firmware/status-types.ts";
import { counted } from "../build/counted.ts";
import { matchReadings } from "./match.ts";
import type { Exchange } from "./network/http-server.ts";
import type { Recorder } from "./recorder.ts";
import type { ServerPoint, StreamReport } from "./simulation-report.ts";

export interface Findings {
  streams: StreamReport[];
  balanced: boolean;
  /** Why it is not balanced, a sentence each. */
  problems: string[];
  errorMsMax: number;
}

/** 1 of "v1". */
export const pinNumber = (pin: string): number => Number(pin.slice(1));

/** `points` are those the server holds; undefined if nobody knows. `decimalsOf` says them for a pin. */
export function audit(
  status: Pick<DeviceStatus, "streams">,
  recorder: Recorder,
  points: ServerPoint[] | undefined,
  exchanges: Exchange[],
  decimalsOf: (pin: number) => number,
): Findings {
  const problems: string[] = [];
  const streams: StreamReport[] = [];
  let errorMsMax = 0;
  const byPin = new Map<number, ServerPoint[]>();
  for (const point of points ?? []) {
    const pin = pinNumber(point.pin);
    const list = byPin.get(pin);
    if (list) list.push(point);
    else byPin.set(pin, [point]);
  }
  const told = new Map(status.streams.map((stream) => [pinNumber(stream.pin), stream]));
  for (const [pin, record] of recorder.pins) {
    const stream = told.get(pin);
    if (!stream) {
      problems.push(`v${pin}: the firmware's status does not know it`);
      continue;
    }
    problems.push(...record.problems);
    const dropped = Object.values(stream.dropped).reduce((sum, count) => sum + count, 0);
    const sampled = record.trueMs.length;
    const expected = recorder.accountLost ? Math.min(sampled, stream.sampled) : sampled;
    if (stream.sampled !== expected) problems.push(`v${pin}: sampled ${expected}, the firmware says ${stream.sampled}`);
    if (expected !== stream.delivered + stream.pending + dropped) {
      problems.push(
        `v${pin}: sampled ${expected} ≠ ${stream.delivered} delivered + ${stream.pending} pending + ${dropped} dropped`,
      );
    }
    if (points) {
      const held = byPin.get(pin) ?? [];
      const undelivered = recorder.accountLost ? sampled : stream.pending + dropped;
      const maySendTwice = recorder.accountLost || lostAnswers(exchanges);
      problems.push(...compareHeld(pin, held.length, stream.delivered, maySendTwice ? undelivered : 0));
      const matched = matchReadings(record, held, decimalsOf(pin), sampled === held.length);
      errorMsMax = Math.max(errorMsMax, matched.errorMsMax);
      if (matched.strangers > 0)
        problems.push(
          `v${pin}: ${counted(matched.strangers, "point on the server was", "points on the server were")} never read so`,
        );
    }
    streams.push({
      pin: `v${pin}`,
      sampled,
      delivered: stream.delivered,
      pending: stream.pending,
      dropped: { ...stream.dropped },
      missed: stream.missed,
      failed: stream.failed,
    });
  }
  for (const pin of byPin.keys())
    if (!recorder.pins.has(pin)) problems.push(`v${pin}: points of a pin that has no sensor`);
  return { streams, balanced: problems.length === 0, problems, errorMsMax };
}

/** Whether the server took points and the firmware may not know it. */
function lostAnswers(exchanges: Exchange[]): boolean {
  return exchanges.some((one) => one.stored && (one.fault !== undefined || !one.answered));
}

/**
 * The server holds what the firmware says it delivered, and beyond that only points whose answer was lost: those are
 * pending still, or have expired meanwhile.
 */
function compareHeld(pin: number, held: number, delivered: number, undeliveredMax: number): string[] {
  if (held >= delivered && held - delivered <= undeliveredMax) return [];
  return [`v${pin}: the server holds ${counted(held, "point")}, the firmware says ${delivered} delivered`];
}
