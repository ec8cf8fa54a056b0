import { expect, test } from "vitest";
import { deviceOf, type Scenario } from "../../scripts/simulator/scenarios/scenario.ts";
import { type Program, runSimulation } from "../../scripts/simulator/simulate.ts";
import { historyDevice, maxUncertaintyMs } from "./history.ts";
import { HISTORY_BUGS, type HistoryBug, plantBug } from "./history-bugs.ts";
import { judgeHistory } from "./history-judge.ts";

/** A bug that so many histories miss would slip through what CI runs, too. */
const HISTORIES = 100;

/** What the first history that finds the bug says; nothing if none does. */
async function inHistories(bug: HistoryBug): Promise<string[]> {
  const programs = new Map<number, Program>();
  for (let seed = 1; seed <= 3; seed++) {
    const maxMs = maxUncertaintyMs(seed);
    programs.set(maxMs, await plantBug(bug, { source: historyDevice(maxMs) }));
  }
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const program = programs.get(maxUncertaintyMs(seed));
    const caught = program ? await judgeHistory(seed, () => program) : [];
    // It is the bug that is caught, not the history.
    if (caught.length > 0 && (await judgeHistory(seed)).length === 0) return [`history ${seed}`, ...caught];
  }
  return [];
}

/** The promises of a scenario that the bug breaks; it breaks none without the bug. */
async function inScenario(bug: HistoryBug, scenario: Scenario): Promise<string[]> {
  const device = deviceOf(scenario, 1);
  if ("code" in device) throw new Error(`${scenario.name} has no source to plant a bug in`);
  const script = { ...scenario.script(1), scenario: scenario.name, seed: 1 };
  const promised = scenario.promise ?? (() => []);
  const { code } = await plantBug(bug, device);
  const caught = promised(await runSimulation({ ...device, code }, script));
  expect(promised(await runSimulation(device, script)), "without the bug").toEqual([]);
  return caught.length > 0 ? [scenario.name, ...caught] : [];
}

for (const bug of HISTORY_BUGS) {
  test(`${bug.shownBy?.name ?? "histories"} catch a planted bug: ${bug.name}`, async () => {
    const caught = await (bug.shownBy ? inScenario(bug, bug.shownBy) : inHistories(bug));
    console.log(`${bug.name}: ${caught[0]}: ${caught[1]}`);
    expect(caught.length).toBeGreaterThan(1);
  });
}
