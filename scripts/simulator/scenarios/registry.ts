/** Every scenario by name. */

import { NETWORK } from "./bad-networks.ts";
import { CHAOS } from "./chaos.ts";
import { HEALING } from "./healing.ts";
import { LINKS } from "./links.ts";
import { OFFLINE } from "./offline.ts";
import { REFUSALS } from "./refusals.ts";
import type { Scenario } from "./scenario.ts";
import { TIME } from "./time.ts";
import { WRONG_TIMES } from "./wrong-times.ts";

export const SCENARIOS: Scenario[] = [
  ...OFFLINE,
  ...TIME,
  ...WRONG_TIMES,
  ...NETWORK,
  ...LINKS,
  ...REFUSALS,
  ...HEALING,
  ...CHAOS,
];

export function findScenario(name: string): Scenario | undefined {
  return SCENARIOS.find((scenario) => scenario.name === name);
}
