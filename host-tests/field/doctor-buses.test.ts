/** The chips that the doctor finds on the buses of the device file's sensors. */
import { describe, expect, it } from "vitest";
import type { Finding } from "../../scripts/console/doctor/finding.ts";
import { doctor } from "../../scripts/doctor.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { type ConsoleRig, startRig } from "../support/console/console-rig.ts";
import type { Wiring } from "../support/console/fake-buses.ts";
import { writeDeviceFile } from "../support/console/flash-rig.ts";

const CHIP = "28ff641e8416d364";
/** A byte of `CHIP` changed. */
const SPOILED = "28ff641e8416d365";
/** A DS18S20's family, with right check digits. */
const DS18S20 = "10000000000000fb";

/** A device file with these sensors, one datastream each. */
function deviceFile(sensors: string[], before = ""): string {
  const datastreams = sensors.map((sensor, i) => {
    return `{ pin: "v${i + 1}", name: "s${i}", sensor: ${sensor}, intervalMs: 60000, decimals: 1 }`;
  });
  return writeDeviceFile(`
import { analog } from "./sensors/analog.ts";
import { bme280 } from "./sensors/bme280.ts";
import { ds18b20 } from "./sensors/ds18b20.ts";
import { scd4x } from "./sensors/scd4x.ts";
import { sht4x } from "./sensors/sht4x.ts";
${before}
export const device = {
  name: "of a test", region: "flash", server: { url: "https://blynk.cloud" }, timeServers: ["a.example"],
  datastreams: [${datastreams.join(",\n")}],
};
void [analog, bme280, ds18b20, scd4x, sht4x];`);
}

interface Searched {
  rig: ConsoleRig;
  status: number;
  /** Those of the buses and of the device file. */
  findings: Finding[];
}

async function search(wiring: Wiring, file: string): Promise<Searched> {
  const rig = await startRig({ wiring });
  const terminal = captureTerminal();
  const status = await doctor(["--port", rig.port, "--json", "--no-server", "--device", file], terminal);
  const { findings } = JSON.parse(terminal.out.join("\n")) as { findings: Finding[] };
  return { rig, status, findings: findings.filter(({ name }) => ["1-wire", "i2c", "device file"].includes(name)) };
}

const AIR = 'const air = bme280("D21", "D22");';

describe("doctor on a 1-Wire wire", () => {
  it("lists each address as the device file takes it, wire by wire", async () => {
    const other = "280000000000001e";
    const wiring = { oneWire: { D13: [CHIP], D14: [other] } };
    const { findings } = await search(wiring, deviceFile(['ds18b20("D13")', 'ds18b20("D14")', 'ds18b20("D13")']));
    expect(findings).toEqual([
      { name: "1-wire", verdict: "ok", found: `D13: ds18b20("D13", "${CHIP}")` },
      { name: "1-wire", verdict: "ok", found: `D14: ds18b20("D14", "${other}")` },
    ]);
  });

  it("says that no chip answers, and what to check", async () => {
    const { status, findings } = await search({}, deviceFile(['ds18b20("D13")']));
    expect(status).toBe(1);
    expect(findings).toEqual([
      {
        name: "1-wire",
        verdict: "fail",
        found: "D13: no chip answers",
        advice: expect.stringMatching(/4\.7 kΩ/),
      },
    ]);
  });

  it("warns of an address with wrong check digits, and of a chip that is no DS18B20", async () => {
    const { findings } = await search({ oneWire: { D13: [CHIP, SPOILED, DS18S20] } }, deviceFile(['ds18b20("D13")']));
    expect(findings).toHaveLength(1);
    expect(findings[0].verdict).toBe("warn");
    expect(findings[0].found).toContain(`ds18b20("D13", "${CHIP}")`);
    expect(findings[0].found).toContain(`${SPOILED} (its check digits are wrong)`);
    expect(findings[0].found).toContain(`${DS18S20} (no DS18B20)`);
  });
});

describe("doctor on an I²C bus", () => {
  it("names the chips that answer on each bus, by the port that the firmware uses", async () => {
    const before = `${AIR} const room = scd4x("D25", "D26");`;
    const { findings } = await search(
      { i2c: { "D21 D22": { 118: "always", 32: "always" }, "D25 D26": { 98: "after a command" } } },
      deviceFile(["air.temperature", "air.humidity", "room.co2"], before),
    );
    expect(findings).toEqual([
      { name: "i2c", verdict: "ok", found: "I2C1, SDA D21, SCL D22: 0x20, 0x76 (BME280 or BMP280)" },
      { name: "i2c", verdict: "ok", found: "I2C2, SDA D25, SCL D26: 0x62 (SCD4x)" },
    ]);
  });

  it("finds chips that refuse a read before a command", async () => {
    const wiring: Wiring = { i2c: { "D21 D22": { 68: "after a command", 69: "after a command" } } };
    const file = deviceFile(["air.humidity"], 'const air = sht4x("D21", "D22");');
    expect((await search(wiring, file)).findings[0].found).toBe(
      "I2C1, SDA D21, SCL D22: 0x44 (SHT3x or SHT4x), 0x45 (SHT3x or SHT4x)",
    );
  });

  it("reads one byte from each unreserved address, and writes to known chips that did not answer only", async () => {
    const wiring: Wiring = { i2c: { "D21 D22": { 68: "always", 118: "always" } } };
    const { rig } = await search(wiring, deviceFile(["air.humidity"], AIR));
    const transfers = rig.machine.i2cTransfers;
    const reads = transfers.filter(({ read }) => read !== undefined);
    expect(reads.map(({ address }) => address)).toEqual(Array.from({ length: 0x70 }, (_, i) => i + 8));
    expect(reads.every(({ read }) => read === 1)).toBe(true);
    expect(transfers.filter(({ written }) => written !== undefined)).toEqual([
      { address: 0x45, written: [0x89] },
      { address: 0x46, written: [0x89] },
      { address: 0x62, written: [0xe4, 0xb8] },
    ]);
  });

  it("says that no chip answers", async () => {
    const { status, findings } = await search({}, deviceFile(["air.humidity"], AIR));
    expect(status).toBe(1);
    expect(findings[0]).toMatchObject({ verdict: "fail", found: expect.stringMatching(/no chip answers$/) });
  });

  it("ends at the first address when the bus hangs", async () => {
    const { rig, findings } = await search({ i2c: { "D21 D22": "hangs" } }, deviceFile(["air.humidity"], AIR));
    expect(findings).toEqual([
      {
        name: "i2c",
        verdict: "fail",
        found: expect.stringMatching(/^I2C1, SDA D21, SCL D22: .*the bus is busy$/),
        advice: expect.stringMatching(/shorted to ground/),
      },
    ]);
    expect(rig.machine.i2cTransfers).toEqual([{ address: 8, read: 1 }]);
  });
});

it("has no finding when the device file has no such sensor", async () => {
  const wiring: Wiring = { oneWire: { D13: [CHIP] }, i2c: { "D21 D22": { 118: "always" } } };
  const { rig, findings } = await search(wiring, deviceFile(['analog("D34", { scale: 100 })']));
  expect(findings).toEqual([]);
  expect(rig.machine.i2cTransfers).toEqual([]);
});

it("refuses a device file that can't be built, before it opens the port", async () => {
  const terminal = captureTerminal();
  const file = deviceFile(['analog("D99", { scale: 100 })']);
  expect(await doctor(["--port", "tcp://127.0.0.1:9", "--device", file], terminal)).toBe(1);
  expect(terminal.text()).toContain("the ESP32 has no such pin");
});
