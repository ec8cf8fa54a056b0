import { expect, test } from "vitest";
import { simulateFleet } from "../../../scripts/simulator/fleet.ts";
import { room } from "../../../scripts/simulator/scenarios/scenario.ts";

test("a fleet comes back from a common outage spread out, where one in step would come all at once", async () => {
  const devices = 12;
  const fleet = await simulateFleet(room(), { devices, seed: 1, outageMs: 3 * 3_600_000, afterMs: 3 * 3_600_000 });
  expect(fleet).toMatchObject({ devices, balanced: true, violations: 0 });
  // Each sends three datastreams, in step more than half the fleet within the same second.
  expect(fleet.withoutJitter.peakPerSecond).toBeGreaterThan(devices / 2);
  expect(fleet.withJitter.peakPerSecond).toBeLessThan(fleet.withoutJitter.peakPerSecond / 2);
  expect(fleet.withJitter.p99PerSecond).toBeLessThanOrEqual(fleet.withJitter.peakPerSecond);
  expect(fleet.withJitter.requests).toBeGreaterThanOrEqual(3 * devices);
}, 60_000);
