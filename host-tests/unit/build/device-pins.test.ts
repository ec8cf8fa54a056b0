/** The pins of a device file, held against the chip before anything is built. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../../scripts/build/bundle.ts";
import { loadDevice, loadDeviceFile } from "../../../scripts/build/device-file.ts";
import { CHIPS, chipOfBoard, pinNumber } from "../../../scripts/build/pins/chips.ts";
import { writeDeviceFile } from "../../support/console/flash-rig.ts";

/** A device file with these sensors, one datastream each. `more`: members of the device, as source. */
function source(sensors: string[], more = "", before = ""): string {
  return `
import { analog } from "./sensors/analog.ts";
import { custom } from "./sensors/custom.ts";
import { pulse } from "./sensors/pulse.ts";
${before}
export const device = {
  name: "of a test", region: "flash", server: { url: "https://blynk.cloud" }, timeServers: ["a.example"], ${more}
  datastreams: [${sensors
    .map((sensor, i) => `{ pin: "v${i + 1}", name: "s${i}", sensor: ${sensor}, intervalMs: 60000, decimals: 1 }`)
    .join(",\n")}],
};
void [analog, custom, pulse];`;
}

const load = (sensors: string[], more?: string, before?: string) => {
  return loadDeviceFile({ deviceSource: source(sensors, more, before) });
};

const scale = "{ scale: 100 }";
const LED = (pin: string) => `led: { pin: "${pin}", activeLow: false },`;
const BUTTON = (pin: string) => `button: { pin: "${pin}", activeLow: true },`;

const REFUSED: [title: string, sensors: string[], more: string, words: RegExp][] = [
  [
    "a pin that the chip does not have",
    [`analog("D99", ${scale})`],
    "",
    /^datastreams\[0\] \(s0\): analog uses D99: the ESP32 has no such pin\. Would do: D32, D33, D34$/,
  ],
  ["a pin that only Espruino's table has", [`analog("D20", ${scale})`], "", /D20: the ESP32 has no such pin/],
  ["no pin's name at all", [`analog("34", ${scale})`], "", /uses 34: the ESP32 has no such pin/],
  [
    "a pin of ADC2",
    [`analog("D34", ${scale})`, `analog("D25", ${scale})`],
    "",
    /^datastreams\[1\] \(s1\): analog uses D25: it belongs to ADC2, which the radio uses .*Would do: D32, D33, D35$/,
  ],
  ["an analog reading of a digital pin", [`analog("D18", ${scale})`], "", /D18: it is no analog input/],
  ["a pin of the flash", [`analog("D6", ${scale})`], "", /D6: the module's own flash is wired to this pin/],
  ["a pin of the flash for pulses", [`pulse("D11", {})`], "", /\(s0\): pulse uses D11: the module's own flash/],
  [
    "a pull-up where there is none",
    [`pulse("D34", {})`],
    "",
    /^datastreams\[0\] \(s0\): pulse uses D34: it has no pull-up\. Would do: D27, D26, D25$/,
  ],
  ["a bus on a pin that can't drive it", ["bus34"], "", /its function uses D34: it is an input only/],
  ["an LED on an input", [`analog("D32", ${scale})`], LED("D34"), /^LED uses D34: it is an input only.*Would do: D27/],
  ["a button without a pull-up", [`analog("D32", ${scale})`], BUTTON("D35"), /^button uses D35: it has no pull-up/],
  [
    "a pin in two roles",
    [`analog("D32", ${scale})`, `pulse("D32", {})`],
    "",
    /^datastreams\[1\] \(s1\): pulse uses D32: datastreams\[0\] \(s0\): analog uses it too \(analog input\)\. Would do: D27/,
  ],
  ["a pin of two counters", [`pulse("D27", {})`, `pulse("D27", {})`], "", /pulse uses D27: .*pulse uses it too/],
  ["a sensor on the LED's pin", [`pulse("D4", {})`], LED("D4"), /LED uses D4: .*pulse uses it too/],
  [
    "a sensor on the LED's pin by its other name",
    [`pulse("D2", {})`],
    LED("LED1"),
    /LED uses LED1: .*pulse uses it too/,
  ],
  ["a pin that a function of one's own reads", ["custom(() => analogRead(D26))"], "", /custom uses D26: it belongs to/],
  ["a pin that is used later", ["later"], "", /its function uses D7: the module's own flash/],
  ["ADC2 on an ESP32C3", [`analog("D5", ${scale})`], 'board: "ESP32C3",', /ADC2.*Would do: D0, D1, D3/],
  ["a pin of the flash of an ESP32C3", [`pulse("D12", {})`], 'board: "ESP32C3",', /own flash.*Would do: D10/],
  ["a pin that only other chips have", [`pulse("D27", {})`], 'board: "ESP32C3",', /the ESP32C3 has no such pin/],
  ["an analog pin of an ESP32S3", [`analog("D4", ${scale})`], 'board: "ESP32S3",', /ESP32S3 reads no analog pin/],
  ["a pin of the flash of an ESP32S3", [`pulse("D27", {})`], 'board: "ESP32S3",', /own flash.*Would do: D4/],
  ["an unknown board", [`pulse("D27", {})`], 'board: "ESP8266",', /board must be "ESP32", "ESP32C3" or "ESP32S3"/],
];

const OWN = `
const bus34 = (done: any) => { const wire = new OneWire(new Pin("D34")); done(wire.search().length); };
const later = (done: any) => { setTimeout(() => { digitalWrite(D7, 1); done(1); }, 750); };`;

describe("the pins of a device file", () => {
  it.each(REFUSED)("are refused for %s", async (_title, sensors, more, words) => {
    const error = await load(sensors, more, OWN).catch((caught) => caught);
    expect(error.message).toMatch(words);
    expect(error.message.split("\n")).toHaveLength(1);
  });

  it("are accepted where chips share a bus, and where two datastreams read one voltage", async () => {
    const chips = `
      const i2c = (address: number) => (done: any) => {
        I2C1.setup({ sda: new Pin("D21"), scl: new Pin("D22") });
        done(I2C1.readFrom(address, 2)[0]);
      };
      const spi = (select: any) => (done: any) => {
        SPI1.setup({ sck: D18, mosi: D23, miso: D34 });
        digitalWrite(select, 0);
        done(SPI1.send(0));
      };
      const wire = (rom: string) => (done: any) => { new OneWire(new Pin("D13")).search(); done(rom.length); };`;
    const sensors = [
      "i2c(0x44)",
      "i2c(0x76)",
      "spi(D16)",
      "spi(D17)",
      'wire("28a")',
      'wire("28b")',
      `analog("D35", ${scale})`,
    ];
    const { pinWarnings } = await load([...sensors, `analog("D35", ${scale})`], BUTTON("D0") + LED("D2"), chips);
    expect(pinWarnings).toEqual([]);
  });

  it("belong to one sensor, however many datastreams it has", async () => {
    const air = `
      const make = custom;
      const both = make(() => { pinMode(D4, "output"); setWatch(() => {}, D4, {}); return 1; });`;
    await expect(load(["both", "both"], "", air)).resolves.toBeDefined();
  });

  it("are warned of where they decide how the chip starts, and where they are the console's", async () => {
    const { pinWarnings } = await load([`pulse("D12", {})`, `pulse("D3", {})`]);
    expect(pinWarnings).toEqual([
      expect.stringMatching(
        /^datastreams\[0\] \(s0\): pulse uses D12: a strapping pin, high at power-on sets the flash/,
      ),
      expect.stringMatching(/^datastreams\[1\] \(s1\): pulse uses D3: the console receives on it/),
    ]);
  });

  it("are found although a sensor waits for something for ever", async () => {
    const stuck = `const stuck = () => { pinMode(D9, "output"); while (digitalRead(D27) === 0) {} };`;
    await expect(load(["stuck"], "", stuck)).rejects.toThrow("its function uses D9: the module's own flash");
  });

  it("of the device file that is shipped are all right", async () => {
    expect((await loadDeviceFile()).pinWarnings).toEqual([]);
    expect((await loadDevice()).board).toBeUndefined();
  });

  it("stop `npm run build` with the file's name and a status of 1", () => {
    const file = writeDeviceFile(source([`analog("D25", ${scale})`]));
    const tsx = join(ROOT, "node_modules", ".bin", "tsx");
    const run = spawnSync(tsx, ["scripts/build.ts", "--device", file, "--out", `${file}.js`], { cwd: ROOT });
    expect(run.stderr.toString()).toContain(`${file}:\ndatastreams[0] (s0): analog uses D25: it belongs to ADC2`);
    expect(run.status).toBe(1);
  });
});

describe("the table of chips", () => {
  it("knows a board's chip by Espruino's name for the board", () => {
    expect(["ESP32", "ESP32_IDF4", "ESP32C3_IDF5", "ESP32S3_IDF4", "PUCKJS"].map(chipOfBoard)).toEqual([
      "ESP32",
      "ESP32",
      "ESP32C3",
      "ESP32S3",
      undefined,
    ]);
  });

  it.each(Object.values(CHIPS))("offers only pins of the $name that do, and that nothing else needs", (chip) => {
    for (const number of chip.freeDigital) {
      expect(chip.pins).toContain(number);
      expect([...chip.flash, ...chip.inputOnly]).not.toContain(number);
      expect(chip.strapping[number]).toBeUndefined();
      expect(chip.console[number]).toBeUndefined();
    }
    expect(chip.analog.filter((number) => chip.adc2.includes(number))).toEqual([]);
    expect(pinNumber(chip, "BTN1")).toBe(0);
  });
});
