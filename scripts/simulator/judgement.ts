/** Whether a run held what every run promises, and what its scenario promises beside that. */
import type { Simulation } from "./simulate.ts";

/** Every sample is accounted for, and the server's limits were kept. */
export function isSound({ report }: Pick<Simulation, "report">): boolean {
  return report.balanced && report.server.violations.length === 0;
}

/** What else went wrong, a sentence each: a promise of the scenario, or a real server that took nothing. */
export function brokenBy(simulation: Simulation, promise?: (simulation: Simulation) => string[]): string[] {
  const { scenario } = simulation.report;
  const broken = (promise?.(simulation) ?? []).map((sentence) => `the promise of ${scenario} is broken: ${sentence}`);
  return simulation.stalled === undefined ? broken : [...broken, simulation.stalled];
}
