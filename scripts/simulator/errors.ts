/** The simulation itself failed: there is no firmware, or it does what hardware can't. */
export class SimulationError extends Error {
  override name = "SimulationError";
}
