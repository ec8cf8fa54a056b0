/** An example to copy for a device file of your own: the bad days that you expect for it, and what must come of them. */
import { expect, test } from "vitest";
import { type SimulatedDevice, simulate } from "../../scripts/simulator/simulate.ts";

/** Its path as seen from where `npm test` runs. Your sensors' code runs too, on pins that show a plausible room. */
const device: SimulatedDevice = { file: "firmware/device.ts" };

test("my unit delivers a weekend offline, though every tenth answer is lost and the power goes once", async () => {
  const report = await simulate(device, {
    // Set up within reach of Wi-Fi: a session that has never met a clock can't be dated once its power was off.
    wifi: [{ kind: "gone", from: "1h", to: "2d" }],
    http: [{ kind: "lost", share: 0.1 }],
    power: [{ at: "30h", kind: "cut", off: "2m" }],
    crystal: { driftPpm: 20 },
  });
  expect(report.balanced).toBe(true);
  expect(report.server.violations).toEqual([]);
  for (const stream of report.streams) {
    expect(stream.sampled).toBeGreaterThan(2 * 24 * 60);
    expect(stream.delivered).toBe(stream.sampled);
  }
  // Two minutes off can lie anywhere between the two times that are known.
  expect(report.time.errorMsMax).toBeLessThan(120_000 + 1000);
});
