/** What functions on demand (scripts/build/passes/on-demand.ts) cost: time, memory while they are held, and flash. */
import MagicString from "magic-string";
import type { Script } from "../build/ast/parsed-script.ts";
import { bundleFirmware } from "../build/bundle.ts";
import { markOf, nestOnDemand } from "../build/passes/on-demand.ts";
import { PASSES, type Pass } from "../build/pipeline.ts";
import { startInterpreter } from "../interpreter/interpreter.ts";
import { provision } from "../interpreter/provision-flash.ts";
import { type BuiltDevice, deviceSourceOf } from "../simulator/device-source.ts";
import { runSimulation } from "../simulator/simulate.ts";

export interface OnDemandFigure {
  /** Of the function, as written. */
  name: string;
  /** Functions at its beginning, those in other functions on demand not counted. */
  functions: number;
  /** While its result is held. */
  jsVars: number;
  /** To make its functions, once. */
  makeMs: number;
  /** Calls in a sync of a simulated device with two datastreams that sends 90 minutes, from the button to the verdict. */
  callsInSync: number;
}

export interface OnDemandFigures {
  /** Those at the top of the script, the longest in a sync first. What lies in another one is made when it is called. */
  functions: OnDemandFigure[];
  msInSync: number;
  bundleBytes: number;
  bundleBytesWithout: number;
}

const CALLS = 20;

/** Runs before the program: calls a function on demand, which returns as soon as its own functions are made. */
const PROBE = `
var onDemand = {}, makeOnly = false;
function probe(name) {
  var make = onDemand[name], held, before = 0, ms = 0, i = 0;
  makeOnly = true;
  make();
  before = process.memory().usage;
  held = make();
  held = [process.memory().usage - before, 0];
  ms = getTime();
  for (i = 0; i < ${CALLS}; i++) make();
  held[1] = (getTime() - ms) * 1000 / ${CALLS};
  makeOnly = false;
  return held;
}`;

/** Puts code at the beginning of every function on demand. */
function atBeginning(codeOf: (name: string) => string, atEnd: string): Pass {
  return {
    name: "probe",
    saves: 0,
    run(script) {
      const edits = new MagicString(script.code);
      for (const { made, mark } of markedIn(script)) edits.appendLeft(mark.end, codeOf(made.id.name));
      return script.edited(edits.append(atEnd));
    },
  };
}

function markedIn({ program }: Script) {
  return program.body.flatMap((made) => {
    const mark = made.type === "FunctionDeclaration" ? markOf(made) : undefined;
    return made.type === "FunctionDeclaration" && mark ? [{ made, mark }] : [];
  });
}

/** How many functions each function on demand that stays at the top begins with, by its name. */
async function functionsAtTop(): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const count: Pass = {
    name: "count",
    saves: 0,
    run(script) {
      const names = new Set(markedIn(script).map(({ made }) => made.id.name));
      for (const made of nestOnDemand(script).program.body) {
        if (made.type !== "FunctionDeclaration" || !names.has(made.id.name)) continue;
        counts.set(made.id.name, made.body.body.filter((one) => one.type === "FunctionDeclaration").length);
      }
      return script;
    },
  };
  await bundleFirmware({ passes: [count] });
  return counts;
}

/** JsVars and ms by name, on the interpreter. */
async function measureMaking(names: string[]): Promise<Map<string, [jsVars: number, makeMs: number]>> {
  const register = names.map((name) => `onDemand[${JSON.stringify(name)}]=${name};`).join("");
  const passes = [atBeginning(() => "if(makeOnly)return()=>0;", register), ...PASSES];
  const { code } = await bundleFirmware({ passes });
  const folder = await provision({ program: code, afterPrelude: PROBE });
  const interpreter = startInterpreter(folder.path);
  try {
    await interpreter.line(/^backfill/);
    const figures = new Map<string, [number, number]>();
    for (const name of names) figures.set(name, await interpreter.evaluate(`probe(${JSON.stringify(name)})`));
    return figures;
  } finally {
    await interpreter.kill();
    folder.remove();
  }
}

/** The unit synced when it was switched on, and has logged since. */
const PRESS_MS = 90 * 60_000;
const MARK = "on demand: ";

/** Calls by name, see `OnDemandFigure`. */
async function callsInSync(): Promise<Map<string, number>> {
  const device: BuiltDevice = {
    streams: [
      { pin: "v1", name: "one", intervalMs: 60_000, decimals: 1 },
      { pin: "v2", name: "two", intervalMs: 60_000, decimals: 0 },
    ],
    value: (_, elapsedMs) => Math.round(elapsedMs / 60_000) % 50,
  };
  const passes = [atBeginning((name) => `console.log(${JSON.stringify(MARK + name)});`, ""), ...PASSES];
  const { code } = await bundleFirmware({ deviceSource: deviceSourceOf(device), passes });
  const { lines } = await runSimulation(
    { code },
    { seed: 1, press: [{ at: PRESS_MS }], until: "100m", untilDrained: false },
  );
  const since = lines.filter(({ atMs }) => atMs >= PRESS_MS);
  const end = since.findIndex(({ text }) => /sync: /.test(text));
  if (end < 0) throw new Error("the simulated device's sync came to no verdict");
  const calls = new Map<string, number>();
  for (const { text } of since.slice(0, end)) {
    const name = text.split(MARK)[1];
    if (name !== undefined) calls.set(name, (calls.get(name) ?? 0) + 1);
  }
  return calls;
}

/** Throws when there is no interpreter. */
export async function benchOnDemand(): Promise<OnDemandFigures> {
  const counts = await functionsAtTop();
  const made = await measureMaking([...counts.keys()]);
  const calls = await callsInSync();
  const functions = [...counts].map(([name, count]): OnDemandFigure => {
    const [jsVars, makeMs] = made.get(name) ?? [0, 0];
    return { name, functions: count, jsVars, makeMs, callsInSync: calls.get(name) ?? 0 };
  });
  const msInSync = (one: OnDemandFigure) => one.makeMs * one.callsInSync;
  functions.sort((a, b) => msInSync(b) - msInSync(a) || b.jsVars - a.jsVars);
  const without = await bundleFirmware({ passes: PASSES.filter((pass) => pass.name !== "on-demand") });
  return {
    functions,
    msInSync: functions.reduce((sum, one) => sum + msInSync(one), 0),
    bundleBytes: (await bundleFirmware()).bytes,
    bundleBytesWithout: without.bytes,
  };
}
