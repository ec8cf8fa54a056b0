/** What every scenario promises, as a Vitest test. */
import { expect, test } from "vitest";
import { claimsHold } from "../../scripts/simulator/scenarios/promises.ts";
import { deviceOf, type Scenario } from "../../scripts/simulator/scenarios/scenario.ts";
import { runSimulation } from "../../scripts/simulator/simulate.ts";

const SEED = Number(process.env.SIM_SEED ?? 1);

/**
 * Runs as `npm run simulate -- --scenario NAME --seed N` does; balanced, no violations, shortest bodies, no stated time
 * outside its bound, and the scenario's own promise.
 */
export function promises(scenario: Scenario, seed = SEED, timeoutMs = 120_000): void {
  test(`${scenario.name}: ${scenario.about} (SIM_SEED=${seed})`, { timeout: timeoutMs }, async () => {
    const simulation = await runSimulation(deviceOf(scenario, seed), {
      ...scenario.script(seed),
      scenario: scenario.name,
      seed,
    });
    const { report } = simulation;
    const replay = `replay: npm run simulate -- --scenario ${scenario.name} --seed ${seed}`;
    expect(
      {
        problems: simulation.problems,
        violations: report.server.violations,
        broken: [...claimsHold(simulation), ...(scenario.promise?.(simulation) ?? [])],
        uncaught: simulation.uncaught,
        bodyBytes: report.server.bodyBytes,
      },
      replay,
    ).toEqual({ problems: [], violations: [], broken: [], uncaught: [], bodyBytes: simulation.bodyBytesShortest });
    expect(report.balanced, replay).toBe(true);
  });
}
