/**
 * Every property test begins at the same seed in each run; `SIM_SEED` tries another, or replays the one that a failure
 * prints.
 */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env.SIM_SEED ?? 1) });
