/**
 * Answers the page's questions (protocol.ts), and lets time pass in its runs, a slice at a time. It needs nothing of a browser or
 * of Node.js: whoever starts it says how messages leave and how the next slice is called.
 */

import { UsageError } from "../../simulator/errors.ts";
import { LEDGER_PAGES, PAGE_BYTES } from "../../simulator/partitions.ts";
import { parseScript } from "../../simulator/script-file.ts";
import type { LabProgram } from "../program.ts";
import type { Answers, Asked, Question, RunId, RunInfo, RunSource, Told } from "../protocol.ts";
import { keepsakeOf } from "./keepsake.ts";
import { createLabRun, type LabRun } from "./lab-run.ts";
import { packLink, readLink } from "./link.ts";
import { createPlayer, type Player } from "./player.ts";
import { checkedScript, prepareSource, scenarioList, scenarioSource } from "./sources.ts";
import { type Budgets, transferOf, viewOf } from "./views.ts";

export interface LabOptions {
  program: LabProgram;
  budgets: Budgets;
  /** Sends to the page; the buffers may be handed over instead of copied. */
  tell(told: Told, transfer: ArrayBuffer[]): void;
  /** Calls the next slice once messages that came meanwhile were taken. */
  later(slice: () => void): void;
}

export interface Lab {
  ask(asked: Asked): void;
}

export function createLab({ program, budgets, tell, later }: LabOptions): Lab {
  const players = new Map<RunId, Player>();

  function playerOf(id: RunId): Player {
    const player = players.get(id);
    if (player === undefined) throw new UsageError(`there is no run ${id}: open one first`);
    return player;
  }

  /** A run takes its place once it has come to `toMs`; until then the one before stays. */
  async function replay(id: RunId, source: RunSource, toMs: number): Promise<RunInfo> {
    const player = players.get(id) ?? createPlayer({ later, onProgress: (at, to) => tellProgress(id, at, to) });
    players.set(id, player);
    await player.replace(createLabRun(prepareSource(source, program)), momentOf(toMs));
    return infoOf(id, player.run());
  }

  function tellProgress(run: RunId, atMs: number, toMs: number): void {
    tell({ tell: "progress", run, atMs, toMs }, []);
  }

  async function act(id: RunId, action: Extract<Question, { ask: "act" }>["action"]): Promise<Answers["act"]> {
    const player = playerOf(id);
    const run = player.run();
    let atMs = run.act(action);
    if (atMs === undefined) {
      const changed = run.withAction(action);
      atMs = changed.atMs;
      const { speed } = player;
      await replay(id, changed.source, run.nowMs());
      if (speed > 0) player.play(speed);
    }
    const source = player.run().source();
    return { source, hash: await packLink(source), atMs };
  }

  async function keep(id: RunId): Promise<Answers["keep"]> {
    const run = playerOf(id).run();
    const ended = run.simulation();
    const source = run.source();
    if (ended !== undefined) return { ...keepsakeOf(source, ended, program.file), hash: await packLink(source) };
    if (run.broken() !== undefined) throw new UsageError(`the run is void: ${run.broken()}`);
    // What the run would be if it ended now: asking for its last status would change the run itself.
    const until = Math.round(run.nowMs());
    const closed: RunSource = { ...source, script: { ...source.script, until } };
    const player = createPlayer({ later, onProgress: (at, to) => tellProgress(id, at, to) });
    await player.replace(createLabRun(prepareSource(closed, program)), Number.POSITIVE_INFINITY);
    const simulation = player.run().simulation();
    if (simulation === undefined) throw new UsageError(`the run is void: ${player.run().broken()}`);
    return { ...keepsakeOf(closed, simulation, program.file), hash: await packLink(closed) };
  }

  function view({ run, atMs, have }: Extract<Question, { ask: "view" }>): Answers["view"] {
    const player = playerOf(run);
    const { speed } = player;
    return viewOf(player.run(), run, { atMs, have }, { playing: speed > 0, pace: player.pace(), budgets });
  }

  async function answer(question: Question): Promise<Answers[keyof Answers]> {
    switch (question.ask) {
      case "hello": {
        const { name, file, version } = program;
        return { scenarios: scenarioList(), device: { name, file }, version };
      }
      case "scenario":
        return scenarioSource(question.name, question.seed);
      case "parse":
        return checkedScript(parseScript(question.json, "the script"));
      case "read-link": {
        const { source } = prepareSource(await readLink(question.hash), program);
        return source;
      }
      case "open":
        return replay(question.run, question.source, question.toMs ?? 0);
      case "rewind":
        return replay(question.run, playerOf(question.run).run().source(), question.atMs);
      case "branch":
        return replay(question.to, playerOf(question.from).run().source(), question.atMs);
      case "act":
        return act(question.run, question.action);
      case "view":
        return view(question);
      case "keep":
        return keep(question.run);
      default:
        return drive(question);
    }
  }

  async function drive(question: Extract<Question, { ask: "close" | "play" | "pause" | "step" | "run-to" }>) {
    const player = playerOf(question.run);
    if (question.ask === "play") player.play(question.speed);
    else if (question.ask === "pause") player.pause();
    else if (question.ask === "step") await player.step(question.to);
    else if (question.ask === "run-to") await player.runTo(momentOf(question.atMs));
    else {
      player.pause();
      players.delete(question.run);
    }
    return null;
  }

  return {
    ask(asked) {
      const { id } = asked;
      answer(asked).then(
        (found) => tell({ id, answer: found }, asked.ask === "view" ? transferOf(found as Answers["view"]) : []),
        (error: unknown) => tell({ id, error: error instanceof Error ? error.message : String(error) }, []),
      );
    },
  };
}

function momentOf(ms: number): number {
  if (ms >= 0) return ms;
  throw new UsageError(`${ms} is no moment of a run: it has to be 0 or more, in ms`);
}

async function infoOf(id: RunId, run: LabRun): Promise<RunInfo> {
  const { label, address, bytes } = run.region;
  const source = run.source();
  return {
    run: id,
    source,
    startMs: run.startMs,
    nowMs: run.nowMs(),
    region: { label, address, pageBytes: PAGE_BYTES, pages: bytes / PAGE_BYTES, ledgerPages: LEDGER_PAGES },
    streams: run.prepared.streams,
    hash: await packLink(source),
  };
}
