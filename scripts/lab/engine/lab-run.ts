/** One run in the lab: it can only go forward. What lies behind it is in its journal. */

import { durationMs } from "../../simulator/duration.ts";
import { UsageError } from "../../simulator/errors.ts";
import { PAGE_BYTES } from "../../simulator/partitions.ts";
import { prepareRun, type Simulation } from "../../simulator/prepared-run.ts";
import { createRunner, type Runner } from "../../simulator/run.ts";
import type { Script } from "../../simulator/script.ts";
import type { ScriptData } from "../../simulator/script-file.ts";
import type { Action, RunSource } from "../protocol.ts";
import { applyAction, closedScript, harmsLedger, type OpenScript, openScript } from "./actions.ts";
import { createRunJournal, type RunJournal } from "./journal/run-journal.ts";
import { checkedScript, type Prepared } from "./sources.ts";

export interface LabRun {
  prepared: Prepared;
  journal: RunJournal;
  /** With what was clicked. */
  source(): RunSource;
  /** The moment at which it stands: the last event, or later when nothing has happened since. */
  nowMs(): number;
  region: { label: string; address: number; bytes: number };
  startMs: number;
  /**
   * Goes on until `toMs`, or until `enough` says so after an event, for at most `budgetMs` of real time. "there": at `toMs`, or
   * enough; "over": the run has come to its end; "busy": there is more to do.
   */
  advance(toMs: number, budgetMs: number, enough?: () => boolean): "there" | "over" | "busy";
  /**
   * Does this at the next moment, and returns when. Undefined if it can't be done to the run as it stands: then `withAction`
   * gives the source of a run in which it is done. Throws UsageError.
   */
  act(action: Action): number | undefined;
  withAction(action: Action): { source: RunSource; atMs: number };
  ended(): "drained" | "until" | undefined;
  /** Why the run is void. */
  broken(): string | undefined;
  /** What was found; undefined before the end. */
  simulation(): Simulation | undefined;
}

/** A look at the real clock costs more than an event. */
const EVENTS_BETWEEN_LOOKS = 64;
/** A pass of the idle loop and what it set off are a few events. */
const OVERTAKEN_MAX = 1000;
/** The least step of the clock that a double shows in a run of years. */
const JUST_MS = 1e-4;

/** Its power goes on at once; nothing has run yet. Throws SimulationError or an Error about the script. */
export function createLabRun(prepared: Prepared): LabRun {
  const { source: given, device, program } = prepared;
  const live: OpenScript & Pick<Script, "onConsole"> = openScript(given.script);
  let script: OpenScript = openScript(given.script);
  let journal: RunJournal | undefined;
  live.onConsole = (line, atMs) => journal?.printed(line, atMs);
  const run = prepareRun({
    device,
    program,
    script: live,
    seed: given.script.seed ?? 1,
    onLevel: (pin, level) => journal?.level(pin, level),
  });
  const { world, unit } = run;
  const running = unit.script as OpenScript;
  // script.ts puts `offline` behind the entries of the script's own.
  const hasOffline = running.wifi.length > script.wifi.length;
  journal = createRunJournal(run);
  const seen = journal;
  const runner: Runner = createRunner(unit, world);
  let clockMs = 0;
  let lastActMs = 0;
  let realMs = 0;
  let ended: "drained" | "until" | undefined;
  let broken: string | undefined;
  let simulation: Simulation | undefined;
  /** The firmware makes a new one at each look. */
  let lastStatus = runner.status();
  unit.board.powerOn();
  seen.follow();

  function end(): void {
    const outcome = runner.finish();
    seen.follow();
    ended = outcome.drained ? "drained" : "until";
    simulation = run.found(outcome, realMs);
    clockMs = Math.max(clockMs, world.nowMs());
  }

  function oneEvent(): boolean {
    const did = runner.step();
    seen.follow();
    const status = runner.status();
    if (status !== undefined && status !== lastStatus) seen.looked(status);
    lastStatus = status;
    return did !== "over";
  }

  function someEvents(toMs: number, enough: () => boolean): "reached" | "enough" | "over" | "more" {
    for (let i = 0; i < EVENTS_BETWEEN_LOOKS; i++) {
      if (!runner.isOver() && world.nextMs() > toMs && toMs <= runner.untilMs()) return "reached";
      if (!oneEvent()) return "over";
      if (enough()) return "enough";
    }
    return "more";
  }

  /**
   * Sets the clock. An event may take its time, so others are due that it has overtaken: a moment is shown with all that happened
   * until then, so they come first. A chip that is too slow for its work never gets there; then its clock is behind.
   */
  function setClock(reachedMs: number): void {
    for (let i = 0; i < OVERTAKEN_MAX && !runner.isOver() && world.nextMs() <= world.nowMs(); i++) oneEvent();
    const beforeNextMs = runner.isOver() ? Number.POSITIVE_INFINITY : world.nextMs() - JUST_MS;
    clockMs = Math.max(clockMs, Math.min(Math.max(reachedMs, world.nowMs()), beforeNextMs));
  }

  function advance(toMs: number, budgetMs: number, enough: () => boolean = () => false): "there" | "over" | "busy" {
    if (ended !== undefined || broken !== undefined) return "over";
    const beganMs = performance.now();
    const spentMs = () => performance.now() - beganMs;
    try {
      let did = someEvents(toMs, enough);
      while (did === "more" && spentMs() < budgetMs) did = someEvents(toMs, enough);
      if (did === "over") end();
      else setClock(did === "reached" ? toMs : 0);
      return did === "over" ? "over" : did === "more" ? "busy" : "there";
    } catch (error) {
      seen.follow();
      broken = (error as Error).message;
      return "over";
    } finally {
      realMs += spentMs();
    }
  }

  /** A moment at which nothing else of the script happens by a click. */
  const nextMoment = () => Math.max(Math.floor(Math.max(clockMs, world.nowMs())) + 1, lastActMs + 1);

  function changed(action: Action, atMs: number): OpenScript {
    const next = openScript(script);
    const pages = unit.region.bytes / PAGE_BYTES;
    if ("page" in action && !(action.page >= 0 && action.page < pages)) {
      throw new UsageError(`there is no page ${action.page}: the region ${unit.region.label} has ${pages} pages`);
    }
    if (script.until !== undefined && durationMs(script.until) <= atMs) {
      throw new UsageError("the run is over: its script says until; take that out of the script to go on");
    }
    applyAction(next, action, atMs);
    checkedScript(closedScript(next));
    return next;
  }

  return {
    prepared,
    journal: seen,
    region: unit.region,
    startMs: world.startMs,
    source: () => ({ device: given.device, script: closedScript(script as ScriptData) }),
    nowMs: () => clockMs,
    advance,
    act(action) {
      const atMs = nextMoment();
      const next = changed(action, atMs);
      // Once the script's faults are over, the status is looked at more often, and a look leaves its mark on the unit.
      if (runner.quiet() || runner.isOver() || ended !== undefined || broken !== undefined) return undefined;
      script = next;
      applyAction(running, action, atMs, hasOffline ? running.wifi.length - 1 : undefined);
      if (harmsLedger(action)) unit.recorder.accountLost = true;
      unit.timeline.planAgain();
      runner.scriptChanged();
      seen.scriptChanged();
      lastActMs = atMs;
      return atMs;
    },
    withAction(action) {
      const atMs = nextMoment();
      return { source: { device: given.device, script: closedScript(changed(action, atMs)) }, atMs };
    },
    ended: () => ended,
    broken: () => broken,
    simulation: () => simulation,
  };
}
