/** What the firmware said of itself at each look, and how that compares with the simulator's record. */
import type { DeviceStatus } from "../../../../firmware/status-types.ts";
import { pinNumber } from "../../../simulator/audit.ts";
import type { Recorder } from "../../../simulator/recorder.ts";
import type { StatusView } from "../../protocol.ts";
import { createColumn } from "./column.ts";

export interface StatusJournal {
  /** A look at `status`, and what the server holds by pin number. */
  note(status: DeviceStatus, nowMs: number, trueMs: number, held: (pin: number) => number): void;
  viewAt(atMs: number): StatusView | undefined;
  /** Samples that were missing at the last look. */
  lostAt(atMs: number): number;
}

/** What seldom changes. */
type Rare = Pick<StatusView, "verdict" | "verdictText" | "missed" | "faults"> & { plan: string; pointsMax: number };

/** Numbers of one look, in this order. */
const FIELDS = [
  "hasTime",
  "trueMs",
  "boundMs",
  "errorMs",
  "hasQuota",
  "pointsLeft",
  "requestsLeft",
  "backlogClearsMs",
  "balanced",
  "lost",
  "rare",
] as const;
type Field = (typeof FIELDS)[number];

export function createStatusJournal(recorder: Recorder): StatusJournal {
  const looksMs = createColumn();
  const numbers = createColumn();
  const rares: Rare[] = [];
  let lastRare = "";

  function rareOf(status: DeviceStatus): number {
    const { verdict, verdictText, faults, quota } = status;
    const missed = Object.fromEntries(status.streams.map((stream) => [stream.pin, stream.missed]));
    const rare = { verdict, verdictText, missed, faults, plan: quota?.plan ?? "", pointsMax: quota?.pointsMax ?? 0 };
    const text = JSON.stringify(rare);
    if (text !== lastRare) {
      lastRare = text;
      rares.push(JSON.parse(text) as Rare);
    }
    return rares.length - 1;
  }

  const field = (look: number, name: Field) => numbers.at(look * FIELDS.length + FIELDS.indexOf(name));

  return {
    note(status, nowMs, trueMs, held) {
      const { time, quota } = status;
      const account = compare(status, recorder, held);
      looksMs.push(nowMs);
      const values: Record<Field, number> = {
        hasTime: time ? 1 : 0,
        trueMs: time?.trueMs ?? 0,
        boundMs: time?.boundMs ?? 0,
        errorMs: time ? time.trueMs - trueMs : 0,
        hasQuota: quota ? 1 : 0,
        pointsLeft: quota?.pointsLeft ?? 0,
        requestsLeft: quota?.requestsLeft ?? 0,
        backlogClearsMs: status.backlogClearsMs ?? Number.NaN,
        balanced: account.balanced ? 1 : 0,
        lost: account.lost,
        rare: rareOf(status),
      };
      numbers.append(FIELDS.map((name) => values[name]));
    },
    viewAt(atMs) {
      const look = looksMs.countUpTo(atMs) - 1;
      if (look < 0) return undefined;
      const of = (name: Field) => field(look, name);
      const { plan, pointsMax, ...rare } = rares[of("rare")];
      const backlogClearsMs = of("backlogClearsMs");
      return {
        ...rare,
        atMs: looksMs.at(look),
        time: of("hasTime") ? { trueMs: of("trueMs"), boundMs: of("boundMs"), errorMs: of("errorMs") } : undefined,
        quota: of("hasQuota")
          ? { pointsLeft: of("pointsLeft"), requestsLeft: of("requestsLeft"), pointsMax, plan }
          : undefined,
        backlogClearsMs: Number.isNaN(backlogClearsMs) ? undefined : backlogClearsMs,
        balanced: of("balanced") === 1,
      };
    },
    lostAt(atMs) {
      const look = looksMs.countUpTo(atMs) - 1;
      return look < 0 ? 0 : field(look, "lost");
    },
  };
}

/** The firmware's counters against the simulator's record and the server. */
function compare(
  status: DeviceStatus,
  recorder: Recorder,
  held: (pin: number) => number,
): { balanced: boolean; lost: number } {
  // The script harms the ledger: its counters may begin anew, so they prove nothing.
  if (recorder.accountLost) return { balanced: true, lost: 0 };
  const told = new Map(status.streams.map((stream) => [pinNumber(stream.pin), stream]));
  let balanced = true;
  let lost = 0;
  for (const [pin, record] of recorder.pins) {
    const stream = told.get(pin);
    if (stream === undefined) continue;
    const sampled = record.trueMs.length;
    const dropped = Object.values(stream.dropped).reduce((sum, count) => sum + count, 0);
    const accounted = stream.delivered + stream.pending + dropped;
    if (stream.sampled !== sampled || accounted !== sampled || record.problems.length > 0) balanced = false;
    lost += Math.max(0, sampled - accounted) + Math.max(0, stream.delivered - held(pin));
  }
  return { balanced, lost };
}
