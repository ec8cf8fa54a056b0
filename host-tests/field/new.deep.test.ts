/** Every device file that `npm run new` can write, on a simulated ESP32 for a day. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { CHIPS, type ChipName } from "../../scripts/build/pins/chips.ts";
import { SENSOR_KINDS } from "../../scripts/build/pins/sensor-kinds.ts";
import { askDevice, readsAnalog } from "../../scripts/new-device/ask-device.ts";
import { deviceText } from "../../scripts/new-device/device-text.ts";
import { simulate } from "../../scripts/simulator/simulate.ts";
import { eagerAnswers } from "../support/console/eager-answers.ts";
import { makeTempFolder } from "../support/console/temp-folder.ts";

const COMBINATIONS = (Object.keys(CHIPS) as ChipName[]).flatMap((board) => {
  const readable = SENSOR_KINDS.filter((kind) => CHIPS[board].analog.length > 0 || !readsAnalog(kind));
  return readable.map((kind) => ({ board, kind }));
});

it.each(COMBINATIONS)("$kind.name on $board delivers a day that began offline", async ({ board, kind }) => {
  const path = join(makeTempFolder(), "shed.ts");
  writeFileSync(path, deviceText(await askDevice(eagerAnswers(kind.name, board), {}, "shed"), path));
  const report = await simulate({ file: path }, { offline: "12h", atLeast: "26h" });
  expect(report.balanced).toBe(true);
  expect(report.server.violations).toEqual([]);
  expect(report.streams).toHaveLength(kind.quantities.length);
  for (const stream of report.streams) expect(stream.delivered).toBeGreaterThan(1300);
});
