/** Device files with sensors that have a chip run in the simulator, on chips that show a plausible room. */
import { expect, test } from "vitest";
import { simulate } from "../../../scripts/simulator/simulate.ts";
import { printed } from "../../support/program.ts";

/** A device file around sensors, by name. */
function deviceWith(imports: string, sensors: string[]): { source: string } {
  const datastreams = sensors.map(
    (sensor, i) => `{ pin: "v${i}", name: "${sensor}", sensor: ${sensor}, intervalMs: 60000, decimals: 2 }`,
  );
  return {
    source: `${imports}
export const device = { name: "room", datastreams: [${datastreams.join(", ")}], server: { url: "https://blynk.cloud" },
  timeServers: ["time-a.example", "time-b.example"], region: "ota_0" };`,
  };
}

const KINDS: [name: string, imports: string, sensors: string[]][] = [
  [
    "a DS18B20 without and with an address, and a DHT22",
    `import { ds18b20 } from "./sensors/ds18b20.ts";
     import { dht22 } from "./sensors/dht22.ts";
     const air = dht22("D4");`,
    ["ds18b20('D13')", "ds18b20('D13', '28ff641e8416d4e7')", "air.temperature", "air.humidity"],
  ],
  [
    "two BME280 and a SCD4x on the other bus",
    `import { bme280, bmp280 } from "./sensors/bme280.ts";
     import { scd4x } from "./sensors/scd4x.ts";
     const air = bme280("D21", "D22"), yard = bmp280("D21", "D22", 0x77), room = scd4x("D18", "D19");`,
    ["air.temperature", "air.pressure", "air.humidity", "yard.pressure", "room.co2", "room.temperature"],
  ],
  [
    "a SHT3x, a SHT4x and a HX711",
    `import { sht3x } from "./sensors/sht3x.ts";
     import { sht4x } from "./sensors/sht4x.ts";
     import { hx711 } from "./sensors/hx711.ts";
     const shed = sht3x("D21", "D22", 0x45), yard = sht4x("D21", "D22");`,
    [
      "shed.temperature",
      "shed.humidity",
      "yard.temperature",
      "yard.humidity",
      "hx711('D16', 'D17', { tare: 0, scale: 1 })",
    ],
  ],
  [
    "a pulse counter, a soil probe and a battery",
    `import { pulse } from "./sensors/pulse.ts";
     import { soil } from "./sensors/soil.ts";
     import { battery } from "./sensors/battery.ts";`,
    ["pulse('D27', { debounceMs: 20 })", "soil('D34', { dry: 0.5, wet: 0.1 })", "battery('D35', { r1: 100, r2: 100 })"],
  ],
];

test.each(KINDS)("%s give a value for each slot", async (_name, imports, sensors) => {
  const report = await simulate(deviceWith(imports, sensors), { offline: "30m" });
  expect(report.streams).toHaveLength(sensors.length);
  for (const stream of report.streams) {
    expect(stream, stream.pin).toMatchObject({ missed: 0, delivered: stream.sampled });
    // At the first slot the storage erases a page for each datastream, and a DHT22's start signal gets too long.
    expect(stream.failed, stream.pin).toBeLessThanOrEqual(1);
    expect(stream.sampled, stream.pin).toBeGreaterThanOrEqual(29);
  }
});

test("a line that was pulled low and let go is answered in pulses, each with its own time", async () => {
  const lines = await printed(`
    var line = new Pin("D4"), long = 0, all = 0;
    digitalWrite(line, 0);
    setTimeout(function () {
      setWatch(function (e) { all++; if (e.time - e.lastTime > 60e-6) long++; }, line, { repeat: true, edge: "falling" });
      pinMode(line, "input_pullup");
    }, 2);
    setTimeout(function () { print(all, long >= 1); }, 200);`);
  expect(lines).toEqual(["42 true"]);
});
