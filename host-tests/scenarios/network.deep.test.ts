import { test } from "vitest";
import { NETWORK } from "../../scripts/simulator/scenarios/bad-networks.ts";
import { promises } from "./expect.ts";

// A run has few requests, so one seed alone would decide by chance.
for (const scenario of NETWORK.filter((one) => one.name === "lossy-link")) {
  for (let seed = 2; seed <= 5 && !process.env.SIM_SEED; seed++) promises(scenario, seed);
  if (process.env.SIM_SEED) test.skip(`SIM_SEED=${process.env.SIM_SEED} runs in npm test`);
}
