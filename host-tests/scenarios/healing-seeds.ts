/** The seeds of `healing` that a test run covers, and the worst share that was delivered in the day after. */
import { afterAll, expect, test } from "vitest";
import { HEALING, healedShare } from "../../scripts/simulator/scenarios/healing.ts";
import { deviceOf } from "../../scripts/simulator/scenarios/scenario.ts";
import { runSimulation } from "../../scripts/simulator/simulate.ts";

/** SIM_SEED runs that seed alone. */
export function healingSeeds(first: number, last: number): void {
  const [scenario] = HEALING;
  const only = process.env.SIM_SEED;
  const shares: { seed: number; share: number }[] = [];
  for (let seed = Number(only ?? first); seed <= Number(only ?? last); seed++) {
    test(`${scenario.name}: ${scenario.about} (SIM_SEED=${seed})`, async () => {
      const simulation = await runSimulation(deviceOf(scenario, seed), {
        ...scenario.script(seed),
        scenario: scenario.name,
        seed,
      });
      shares.push({ seed, share: healedShare(simulation, seed) });
      expect(
        {
          problems: simulation.problems,
          violations: simulation.report.server.violations,
          uncaught: simulation.uncaught,
          broken: scenario.promise?.(simulation),
        },
        `replay: npm run simulate -- --scenario healing --seed ${seed}`,
      ).toEqual({ problems: [], violations: [], uncaught: [], broken: [] });
    });
  }
  afterAll(() => {
    const worst = shares.sort((a, b) => a.share - b.share)[0];
    if (worst === undefined) return;
    console.log(`healing: the worst of ${shares.length} seeds is ${worst.seed}: ${(100 * worst.share).toFixed(1)} %`);
  });
}
