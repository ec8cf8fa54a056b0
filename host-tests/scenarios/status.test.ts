import { expect, it } from "vitest";
import { DEVICE_FILE } from "../../scripts/simulator/scenarios/scenario.ts";
import { runSimulation } from "../../scripts/simulator/simulate.ts";

it("tells its status under the documented names, whatever the build shortens", async () => {
  const { status } = await runSimulation({ file: DEVICE_FILE }, { until: "1h", untilDrained: false });
  const names = (value: unknown) => Object.keys(value as object).sort();
  const found = status as unknown as { [name: string]: object } & { streams: object[] };
  expect(names(found)).toEqual(
    ["version", "session", "rawMs", "time", "streams", "ring", "quota", "backlogClearsMs"]
      .concat(["verdict", "verdictText", "wifi", "server", "memory", "faults"])
      .sort(),
  );
  expect(names(found.time)).toEqual(["boundMs", "trueMs"]);
  expect(names(found.ring)).toEqual(["badPages", "decayedPages", "keptPages", "mendedPages", "pages", "usedPages"]);
  expect(names(found.quota)).toEqual(["plan", "pointsLeft", "pointsMax", "requestsLeft"]);
  expect(names(found.memory)).toEqual(["total", "used"]);
  expect(names(found.streams[0])).toEqual(
    ["pin", "name", "sampled", "delivered", "pending", "dropped", "misdated", "duplicated", "missed", "failed"].sort(),
  );
  expect(names((found.streams[0] as { dropped: object }).dropped)).toEqual(
    ["expired", "overwritten", "thinned", "undatable", "refused", "unrepresentable", "corrupt"].sort(),
  );
});
