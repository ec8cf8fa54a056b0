import type { Scenario } from "../../scripts/simulator/scenarios/scenario.ts";

/** Scenarios that take seconds each: `npm run test:deep` runs them, `npm test` does not. */
const LONG = new Set(
  "month-offline quota-wall overload-thin full-ring clock-drift clock-drift-swing brown-out-storm nightly-off power-flaps power-flaps-refused limit-for-an-hour refused-replay plan-2026 hurried-syncs pins-refused".split(
    " ",
  ),
);

export const isLong = ({ name }: Scenario): boolean => LONG.has(name);
