/** What the stand-in judges about the points of one upload: their number, their types, their times, their order. */
import { failure, type StandInResponse } from "./answer.ts";
import type { StandInLimits } from "./blynk-limits.ts";
import type { WirePoint } from "./body.ts";
import type { PinHistory } from "./pin-history.ts";
import type { PastLimit } from "./stand-in-options.ts";
import type { ViolationKind } from "./violations.ts";

/** Records a breach of the contract by the request at hand. */
export type Violate = (kind: ViolationKind, details: string) => void;

export interface Upload {
  arrivedMs: number;
  /** Of its body. */
  digest: string;
  points: WirePoint[];
  /** Everything that the datastream received before. */
  history: PinHistory;
  /** Points of the device in the last 24 h, this upload included. */
  pointsToday: number;
}

export interface Rules {
  limits: StandInLimits;
  /** Batches of more points are refused, without a violation. */
  refuseAbovePoints: number;
  past: { day: PastLimit; age: PastLimit; future: PastLimit };
  replayMarginMs: number;
}

export interface UploadFindings {
  /** Refuses the whole upload. */
  answer?: StandInResponse;
  /** Points that are answered OK and dropped. */
  lost: Set<WirePoint>;
}

const DAY_MS = 86_400_000;

/** Judges the points of a body that could be parsed. */
export function judgeUpload(upload: Upload, rules: Rules, violate: Violate): UploadFindings {
  const refusal = judgeForm(upload, rules, violate);
  if (refusal !== undefined) return { answer: failure(400, refusal, upload.arrivedMs), lost: new Set() };
  const findings = judgeTimes(upload, rules, violate);
  judgeOrder(upload, rules, violate);
  return findings;
}

/** Size and types. Returns the message of the first refusal. */
function judgeForm({ points }: Upload, rules: Rules, violate: Violate): string | undefined {
  const { pointsPerRequest } = rules.limits;
  const refusals: string[] = [];
  if (points.length === 0) violate("empty-batch", "no points");
  if (points.length > pointsPerRequest) violate("batch-points", `${points.length} points`);
  if (points.length > Math.min(pointsPerRequest, rules.refuseAbovePoints)) {
    refusals.push(`Too much data in batch. Maximum batch size is ${pointsPerRequest} points.`);
  }
  if (points.some((point) => !point.numeric)) {
    violate("value-type", "a value is not a number");
    refusals.push("Wrong value type.");
  }
  if (points.some((point) => !/^\d+$/.test(point.tsText) || !Number.isSafeInteger(point.ts))) {
    violate("timestamp-type", "a timestamp is not a plain integer");
    refusals.push("Wrong timestamp.");
  }
  return refusals[0];
}

/** Age, future and the day's number of points, each with its own policy. */
function judgeTimes({ arrivedMs, points, pointsToday }: Upload, rules: Rules, violate: Violate): UploadFindings {
  const { limits, past } = rules;
  const lost = new Set<WirePoint>();
  let answer: StandInResponse | undefined;
  const apply = (policy: PastLimit, message: string, beyond: WirePoint[]) => {
    if (policy === "refuse") answer ??= failure(400, message, arrivedMs);
    if (policy === "drop") for (const point of beyond) lost.add(point);
  };
  const old = points.filter((point) => arrivedMs - point.ts > limits.ageMaxMs);
  if (old.length > 0) {
    violate("age", `${old.length} points, the oldest ${((arrivedMs - old[0].ts) / DAY_MS).toFixed(2)} days`);
    apply(past.age, "Timestamp is too old.", old);
  }
  const future = points.filter((point) => point.ts > arrivedMs);
  if (future.length > 0) {
    violate("future", `${future.length} points, the last ${future[future.length - 1].ts - arrivedMs} ms ahead`);
    apply(past.future, "Timestamp is in the future.", future);
  }
  if (pointsToday > limits.pointsPerDay) {
    violate("day-points", `${pointsToday} points within 24 h, ${limits.pointsPerDay} allowed`);
    const excess = Math.min(points.length, pointsToday - limits.pointsPerDay);
    apply(past.day, "Daily limit reached.", points.slice(-excess));
  }
  return { answer, lost };
}

/** Order within the request, and against all that the datastream received before. */
function judgeOrder({ arrivedMs, digest, points, history }: Upload, rules: Rules, violate: Violate): void {
  for (let i = 1; i < points.length; i++) {
    if (points[i].ts <= points[i - 1].ts) {
      violate("order", `point ${i}: ${points[i].ts} after ${points[i - 1].ts}`);
      break;
    }
  }
  if (history.seen(digest)) return;
  const changed = points.find((point) => (history.valueAt(point.ts) ?? point.value) !== point.value);
  if (changed) {
    violate("value-changed", `${changed.ts} was ${history.valueAt(changed.ts)}, now ${changed.value}`);
    return;
  }
  const expiredBeforeMs = arrivedMs - rules.limits.ageMaxMs + rules.replayMarginMs;
  const open = history.openBatch;
  if (open && open.firstTs > expiredBeforeMs) {
    violate("not-replayed", `a batch of ${open.firstTs} to ${open.lastTs} had no answer and was not sent again`);
    return;
  }
  const first = points[0];
  // A batch that expired in part cannot come again whole: its younger points may come in another body, unchanged.
  if (
    first &&
    first.ts <= history.lastTs &&
    !history.mayComeAnew(first.ts) &&
    history.firstTsOfLast > expiredBeforeMs
  ) {
    violate("overlap", `begins at ${first.ts}, this pin had reached ${history.lastTs}`);
  }
}
