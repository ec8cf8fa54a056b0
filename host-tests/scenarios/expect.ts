/** What every scenario promises, as a Vitest test. */
import { expect, test } from "vitest";
import { runSimulation } from "../simulator/simulate.ts";
import type { Scenario } from "./scenario.ts";

const SEED = Number(process.env.SIM_SEED ?? 1);

export function promises(scenario: Scenario, seed = SEED, timeoutMs = 120_000): void {
  test(`${scenario.name}: ${scenario.about} (SIM_SEED=${seed})`, { timeout: timeoutMs }, async () => {
    const simulation = await runSimulation(scenario.device, {
      ...scenario.script(seed),
      scenario: scenario.name,
      seed,
    });
    const { report } = simulation;
    expect({
      problems: simulation.problems,
      violations: report.server.violations,
      broken: scenario.promise?.(simulation) ?? [],
      uncaught: simulation.uncaught,
    }).toEqual({ problems: [], violations: [], broken: [], uncaught: [] });
    expect(report.balanced).toBe(true);
  });
}
