/** A life of clicks, compared with the script that comes of it. */
import { expect } from "vitest";
import type { Action, RunSource } from "../../../scripts/lab/protocol.ts";
import { createPrng, type Prng } from "../../../scripts/simulator/prng.ts";
import type { ScriptData } from "../../../scripts/simulator/script-file.ts";
import { type LabRig, momentOf, NOTHING } from "./lab-rig.ts";

const HOUR_MS = 3_600_000;

/** Anything that somebody may click; ends what has begun at times. */
function anyAction(chance: Prng, { script }: RunSource, nowMs: number): Action {
  for (const list of ["wifi", "http", "ntp", "dns", "sensors"] as const) {
    const open = (script[list] ?? []).findIndex((one) => one.to === undefined && Number(one.from ?? 0) <= nowMs);
    if (open >= 0 && chance.chance(0.4)) return { do: "end", list, index: open };
  }
  const kinds = ["gone", "no-internet", "dead", "weak", "wrong-password"];
  const answers = ["lost", "html", "status", "silent", "reset", "late", "refused"];
  const actions: Action[] = [
    { do: "begin", list: "wifi", entry: { kind: kinds[chance.below(kinds.length)] } },
    { do: "begin", list: "http", entry: { kind: answers[chance.below(answers.length)], share: 0.5, status: 503 } },
    { do: "begin", list: "ntp", entry: { kind: "blocked" } },
    { do: "begin", list: "dns", entry: {} },
    { do: "begin", list: "sensors", entry: { kind: "nan", pin: "v1" } },
    { do: "power", kind: chance.chance(0.5) ? "cut" : "reset", offMs: 1000 + chance.below(60_000) },
    { do: "cut-in-flash" },
    { do: "press" },
    { do: "set-time", kind: "console", offsetMs: chance.below(1000) * HOUR_MS },
    { do: "flip", page: 2 + chance.below(14), bit: chance.below(32_768) },
  ];
  return actions[chance.below(actions.length)];
}

/**
 * Lives a life of clicks in run a, then the script that came of it in run b. While scripted faults go on, or with `atLeast`, a
 * click is taken up by the run as it stands; when they are over, the run is replayed.
 */
export async function expectSameFromSeed(
  lab: LabRig,
  life: { seed: number; clicks: number; script: ScriptData; afterMs: number },
): Promise<void> {
  const { seed, clicks, afterMs } = life;
  const view = (run: "a" | "b", atMs?: number) => lab.ask({ ask: "view", run, atMs, have: NOTHING });
  const chance = createPrng(seed, "clicks");
  const script = { seed, offline: "3h", until: "40d", crystal: { driftPpm: 30 }, ...life.script };
  let { source } = await lab.ask({ ask: "open", run: "a", source: { device: { kind: "file" }, script } });
  const shown: { atMs: number; moment: unknown }[] = [];
  for (let i = 0; i < clicks; i++) {
    const before = await view("a");
    await lab.ask({ ask: "run-to", run: "a", atMs: before.nowMs + chance.between(0, 2 * HOUR_MS) });
    const now = await view("a");
    shown.push({ atMs: now.nowMs, moment: momentOf(now) });
    source = (await lab.ask({ ask: "act", run: "a", action: anyAction(chance, source, now.nowMs) })).source;
  }
  const { nowMs } = await view("a");
  await lab.ask({ ask: "run-to", run: "a", atMs: nowMs + afterMs });
  const clicked = await view("a");
  await lab.ask({ ask: "open", run: "b", source, toMs: clicked.nowMs });
  expect(momentOf(await view("b"))).toEqual(momentOf(clicked));
  // With faults to come the unit was looked at in another rhythm before them: what it said of itself stands elsewhere.
  if (life.script.atLeast === undefined) return;
  for (const { atMs, moment } of shown) expect(momentOf(await view("b", atMs))).toEqual(moment);
}
