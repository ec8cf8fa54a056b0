import { NETWORK } from "../../scripts/simulator/scenarios/bad-networks.ts";
import { promises } from "./expect.ts";

for (const scenario of NETWORK) {
  promises(scenario);
  // So few requests that one run's luck would decide.
  if (scenario.name === "lossy-link" && !process.env.SIM_SEED)
    for (let seed = 2; seed <= 5; seed++) promises(scenario, seed);
}
