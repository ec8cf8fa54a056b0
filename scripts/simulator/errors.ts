/** The simulation itself failed: there is no firmware, or it does what hardware can't. */
export class SimulationError extends Error {
  override name = "SimulationError";
}

/** What a person asked for can't be carried out. The message says why and what to write instead. */
export class UsageError extends Error {}
