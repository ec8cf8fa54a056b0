/** Everything that the page shows of a run at a moment, from its journal. */
import type { Have, Led, MemoryView, RunId, StreamView, Totals, View } from "../protocol.ts";
import { SAMPLE_STATES } from "../protocol.ts";
import { flashView } from "./flash-map.ts";
import { countAt } from "./journal/column.ts";
import type { RunJournal } from "./journal/run-journal.ts";
import type { PinJournal } from "./journal/sample-journal.ts";
import type { LabRun } from "./lab-run.ts";

/** The firmware's budgets of JsVars, as package.json has them: at rest, what a sync takes beside that, and the smallest pool. */
export interface Budgets {
  idle: number;
  sync: number;
  pool: number;
}

const LED_SHOWN_MS = 10_000;
/** A sync is under way while it asks the time or the server, with pauses of this at most. */
const SYNC_PAUSE_MS = 10_000;
const DELIVERED = SAMPLE_STATES.indexOf("delivered");

export function viewOf(
  run: LabRun,
  id: RunId,
  asked: { atMs: number | undefined; have: Have },
  play: { playing: boolean; pace: number; budgets: Budgets },
): View {
  const { journal } = run;
  const nowMs = run.nowMs();
  const atMs = Math.min(asked.atMs ?? nowMs, nowMs);
  const { have } = asked;
  const streams = [...journal.pins]
    .sort(([a], [b]) => a - b)
    .map(([pin, samples]) => streamView(journal, pin, samples, atMs, have));
  const totals = totalsOf(journal, streams, atMs);
  const linesFrom = journal.linesFrom();
  const power = journal.power.at(atMs);
  const timelineCount = countAt(journal.timeline, atMs);
  return {
    run: id,
    atMs,
    nowMs,
    playing: play.playing,
    pace: play.pace,
    ended: run.ended(),
    broken: run.broken(),
    power,
    boots: journal.boots.countUpTo(atMs),
    wifi: journal.wifi.at(atMs),
    led: ledAt(journal, atMs),
    streams,
    totals,
    status: journal.status.viewAt(atMs),
    flash: flashView(journal.flash.imageAt(atMs), journal.pins, totals.sampled, atMs),
    memory: memoryAt(journal, atMs, power, play.budgets),
    timeline: journal.timeline.slice(have.timeline),
    timelineCount,
    lines: journal.lines.slice(Math.max(0, have.lines - linesFrom)),
    linesFrom,
    lineCount: linesFrom + countAt(journal.lines, atMs),
  };
}

/** The buffers that may be handed over, not copied, when a view is posted. */
export function transferOf(view: View): ArrayBuffer[] {
  return view.streams.flatMap(({ readings, states, points }) =>
    [readings.trueMs, readings.values, states, points.ts, points.values].map((one) => one.buffer as ArrayBuffer),
  );
}

function streamView(journal: RunJournal, pin: number, samples: PinJournal, atMs: number, have: Have): StreamView {
  const name = `v${pin}`;
  const { trueMs, values } = samples.samples;
  const readingsFrom = Math.min(have.readings[name] ?? 0, samples.changedFrom(), trueMs.length);
  const points = journal.points.get(pin);
  const pointsFrom = Math.min(have.points[name] ?? 0, points?.ts.length ?? 0);
  const { runs, counts } = samples.statesAt(atMs);
  return {
    pin: name,
    readings: {
      from: readingsFrom,
      trueMs: trueMs.slice(readingsFrom, trueMs.length),
      values: values.slice(readingsFrom, trueMs.length),
      count: samples.countAt(atMs),
    },
    states: runs,
    counts,
    failed: samples.failedMs.countUpTo(atMs),
    points: {
      from: pointsFrom,
      ts: points?.ts.slice(pointsFrom, points.ts.length) ?? new Float64Array(0),
      values: points?.values.slice(pointsFrom, points.ts.length) ?? new Float64Array(0),
      count: points?.atMs.countUpTo(atMs) ?? 0,
    },
  };
}

function totalsOf(journal: RunJournal, streams: StreamView[], atMs: number): Totals {
  const sum = (from: number, to: number) =>
    streams.reduce((all, { counts }) => all + counts.slice(from, to).reduce((some, one) => some + one, 0), 0);
  return {
    sampled: sum(0, SAMPLE_STATES.length),
    delivered: sum(DELIVERED, DELIVERED + 1),
    waiting: sum(0, DELIVERED),
    dropped: sum(DELIVERED + 1, SAMPLE_STATES.length),
    lost: journal.status.lostAt(atMs),
    violations: journal.violations.slice(0, countAt(journal.violations, atMs)).map((one) => one.text),
  };
}

function ledAt({ led }: RunJournal, atMs: number): Led {
  const count = led.changesMs.countUpTo(atMs);
  const from = led.changesMs.countUpTo(atMs - LED_SHOWN_MS);
  return { lit: count > 0 && led.lit.at(count - 1) === 1, changesMs: [...led.changesMs.slice(from, count)] };
}

function memoryAt(journal: RunJournal, atMs: number, power: View["power"], budgets: Budgets): MemoryView {
  if (power !== "on") return { phase: "off", jsVarsMax: 0, jsVarsOf: budgets.pool };
  const syncs =
    [...journal.pins.values()].some((pin) => pin.isSending(atMs)) || isTalking(journal, atMs)
      ? journal.wifi.at(atMs).joined !== undefined
      : false;
  const jsVarsMax = syncs ? budgets.idle + budgets.sync : budgets.idle;
  return { phase: syncs ? "sync" : "idle", jsVarsMax, jsVarsOf: budgets.pool };
}

/** The unit has joined, asked the time or sent something a moment ago, and has not told how the sync ended. */
function isTalking({ timeline }: RunJournal, atMs: number): boolean {
  for (let i = countAt(timeline, atMs) - 1; i >= 0 && timeline[i].atMs > atMs - SYNC_PAUSE_MS; i--) {
    const { what } = timeline[i];
    if (what === "verdict") return false;
    if (what === "fix" || what === "request" || what === "wifi") return true;
  }
  return false;
}
