/** What somebody reads who made a mistake in a device file: where it is, what it is, and what to write. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FIRMWARE } from "../../../scripts/build/bundle.ts";
import { findDeviceMistakes, loadDeviceFile } from "../../../scripts/build/device-file.ts";
import { didYouMean } from "../../../scripts/build/did-you-mean.ts";
import { SENSOR_KINDS, type SensorKind } from "../../../scripts/build/pins/sensor-kinds.ts";
import { planDevice } from "../../../scripts/build/plan.ts";
import { build } from "../../../scripts/build.ts";
import { captureTerminal } from "../../support/console/captured-terminal.ts";
import { makeTempFolder } from "../../support/console/temp-folder.ts";

const SOURCE = readFileSync(join(FIRMWARE, "device.ts"), "utf8");

/** The device file that is shipped, with one stretch of its text replaced. */
function changed(what: string, by: string): string {
  const text = SOURCE.replace(what, by);
  if (text === SOURCE) throw new Error(`firmware/device.ts has no ${what}`);
  return text;
}

async function complaintAbout(deviceSource: string): Promise<string> {
  const error = await loadDeviceFile({ deviceSource }).catch((caught) => caught);
  expect(error).toBeInstanceOf(Error);
  return error.message;
}

const LIGHT = 'analog("D35", { scale: 100 })';
const AIR = 'import { bme280 } from "espruino-backfill/sensors/bme280";\nconst air = bme280("D21", "D22");\n';
const withAir = (sensor: string) => AIR + changed(LIGHT, sensor);

const MISTAKES: [what: string, source: string, words: string | RegExp][] = [
  [
    "a comma that is missing at the end of a line",
    changed('"light",', '"light"'),
    "device.ts:37:20: a comma is missing here",
  ],
  [
    "a comma that is missing before a comment",
    changed('"light",', '"light" // the "lamp"'),
    "device.ts:37:20: a comma is missing here",
  ],
  [
    "a quote that is missing",
    changed('name: "logger"', 'name: "logger'),
    /^device\.ts:23:\d+: a text has no closing quote$/,
  ],
  [
    "a bracket that is missing",
    SOURCE.replace(/};\s*$/, ""),
    /^device\.ts:\d+:1: the file ends too early: a bracket is not/,
  ],
  [
    "a sensor's file that is mistyped",
    changed("/sensors/analog", "/sensors/analgo"),
    /there is no file espruino-backfill\/sensors\/analgo \(did you mean espruino-backfill\/sensors\/analog\?\)$/,
  ],
  [
    "a relative import that is mistyped",
    changed("espruino-backfill/sensors/analog", "./sensors/analgo.ts"),
    /there is no file \.\/sensors\/analgo\.ts \(did you mean \.\/sensors\/analog\.ts\?\)$/,
  ],
  [
    "a sensor's name that is mistyped where it is imported",
    changed("{ analog }", "{ analgo }").replaceAll("analog(", "analgo("),
    "firmware/sensors/analog.ts exports no analgo (did you mean analog?)",
  ],
  ["a module of Node.js", `import "fs";\n${SOURCE}`, "there is no fs on the device: it is Node.js's"],
  ["a package that is not there", `import "lodahs";\n${SOURCE}`, "there is no package lodahs: install it with npm"],
  [
    "a sensor's name that is mistyped where it is called",
    changed(LIGHT, 'analogg("D35", {})'),
    "analogg is not defined (did you mean analog?) (device.ts:39)",
  ],
  [
    "a sensor that is not imported",
    changed(LIGHT, 'sht4x("D21", "D22").humidity'),
    'sht4x is not defined: write import { sht4x } from "espruino-backfill/sensors/sht4x"; (device.ts:39)',
  ],
  [
    "a setting that is mistyped",
    changed("min: -40", "mni: -40"),
    "datastreams[0] (temperature): analog has no setting mni (did you mean min?)",
  ],
  [
    "a setting that does not exist",
    changed("min: -40", "gain: 5"),
    "analog has no setting gain: it has scale, offset, averageOf, min, max",
  ],
  ["a text as a scale", changed("scale: 330", 'scale: "330"'), 'analog: scale must be a number, not "330"'],
  ["no number as a scale", changed("scale: 330", "scale: 0 / 0"), "analog: scale must be a number, not NaN"],
  [
    "a scale that is missing",
    changed("scale: 330, ", ""),
    "(temperature): analog: scale is missing (value at full scale",
  ],
  [
    "an average of half a reading",
    changed("scale: 330", "scale: 330, averageOf: 0.5"),
    "averageOf must be a whole number",
  ],
  ["a range upside down", changed("min: -40", "min: 140"), "analog: min (140) must be below max (125)"],
  [
    "no settings at all",
    changed(LIGHT, 'analog("D35")'),
    'datastreams[1] (light): analog: the settings are missing (scale), as in analog("D34", { scale: 100 })',
  ],
  ["a pin as a number", changed('analog("D35"', "analog(35"), "analog: pin must be a pin's name in quotes, not 35"],
  [
    "a pin by the name that other tools give it",
    changed("D35", "GPIO35"),
    "analog uses GPIO35: the ESP32 has no such pin (did you mean D35?)",
  ],
  ["an argument too many", changed("{ scale: 100 }", "{ scale: 100 }, 16"), "analog: 16 is one argument too many"],
  [
    "a sensor that is not called",
    changed(LIGHT, "analog"),
    /^datastreams\[1\] \(light\): analog is not called: write analog\("D34", \{ scale: 100 \}\)$/,
  ],
  [
    "a chip in place of one of its sensors",
    withAir("air"),
    /^datastreams\[1\] \(light\): bme280 has several sensors: write \.temperature or \.pressure or \.humidity behind it$/,
  ],
  [
    "a sensor that the chip does not have",
    withAir("air.temprature"),
    /^datastreams\[1\] \(light\): bme280 has no temprature \(did you mean temperature\?\)/,
  ],
  [
    "an address that the chip can't have",
    withAir('bme280("D21", "D22", 0x78).humidity'),
    "address must be 0x76 or 0x77, not 120",
  ],
  [
    "a number in place of a sensor",
    changed(LIGHT, "42"),
    "must be a sensor: a function that calls back with a number: write custom(() => 42)",
  ],
  [
    "a function that returns its value",
    changed(LIGHT, "() => 42"),
    "datastreams[1] (light): the function returns its value and calls no `done`: write custom(() => …) around it",
  ],
  [
    "what a sensor itself refuses",
    `import { battery } from "espruino-backfill/sensors/battery";\n${changed(LIGHT, 'battery("D35", {})')}`,
    "datastreams[1] (light): battery: needs a ratio of 1 or more, or r1 and r2",
  ],
  [
    "a mistake in a sensor that no datastream has",
    `${SOURCE}\nanalog("D33", { scael: 1 });`,
    /^analog has no setting scael \(did you mean scale\?\)\nanalog: scale is missing/,
  ],
  [
    "a member that is mistyped",
    changed("decimals: 0,", "decimals: 0, prioritty: 1,"),
    'datastreams[1] has no prioritty (did you mean priority?) (see firmware/device-types.ts) (datastream "light")',
  ],
  [
    "a member in a wrong place",
    changed("decimals: 0,", 'decimals: 0, region: "flash",'),
    "datastreams[1] has no region (it belongs to the device)",
  ],
  [
    "a virtual pin in capitals",
    changed('"v1"', '"V1"'),
    'datastreams[0].pin must be a virtual pin, v0 to v255: write "v1" (datastream "temperature")',
  ],
  ["a virtual pin as a number", changed('"v1"', "1"), 'must be a virtual pin, v0 to v255: write "v1"'],
  ["seconds in place of milliseconds", changed("60000,", "60,"), "intervalMs must be at least 100 ms: 60 s are 60000"],
  ["an interval with a unit", changed("60000,", '"10 min",'), "intervalMs must be a whole number of ms: write 600000"],
  [
    "two datastreams of one name",
    changed('"light"', '"temperature"'),
    'datastreams[1].name "temperature" is taken by datastreams[0]',
  ],
  [
    "two datastreams of one pin",
    changed('"v2"', '"v1"'),
    'datastreams[1].pin v1 is taken by datastreams[0] (datastream "light")',
  ],
  ["a port that can't be", changed("blynk.cloud", "blynk.cloud:99999"), "server.url has a port that is not 1 to 65535"],
  [
    "a server without https",
    changed("https://", ""),
    'server.url must be https://HOST or https://HOST:PORT: write "https://blynk.cloud"',
  ],
  ["a server with a path", changed("blynk.cloud", "blynk.cloud/external"), 'write "https://blynk.cloud"'],
  [
    "a board in other words",
    changed('name: "logger"', 'name: "logger", board: "ESP32-C3"'),
    '"ESP32S3" (did you mean ESP32C3?)',
  ],
  [
    "an overload that is mistyped",
    changed('overload: "oldest-first"', 'overload: "oldestfirst"'),
    "(did you mean oldest-first?)",
  ],
];

const NO_DEVICE = ["null", "42", "{ datastreams: 5 }", "{ datastreams: [null] }", "{ server: null }"];

it.each(NO_DEVICE)("a device that is %s is refused in words", async (value) => {
  expect(await complaintAbout(`export const device: any = ${value};`)).toMatch(/must be an object|is missing: it must/);
});

describe("a mistake in a device file is told in words, with its place:", () => {
  it.each(MISTAKES)("%s", async (_what, source, words) => {
    const told = await complaintAbout(source);
    if (typeof words === "string") expect(told).toContain(words);
    else expect(told).toMatch(words);
    expect(told).not.toMatch(/observed-sensor|device-source|Expected|Could not resolve|ENOENT|\n *at /);
  });

  it("all of them at once, and each only once", async () => {
    const source = withAir("air.humidty").replace("scale: 330", 'scale: "330"').replace('"D21", "D22"', '"D21"');
    expect((await complaintAbout(source)).split("\n")).toEqual([
      'datastreams[0] (temperature): analog: scale must be a number, not "330"',
      "datastreams[1] (light): bme280 has no humidty (did you mean humidity?): it has temperature, pressure, humidity",
      expect.stringContaining("bme280: scl is missing (I²C clock (SCL))"),
    ]);
  });

  it("a region that is mistyped, as a warning: a partition may have any name", async () => {
    const { device } = await loadDeviceFile({ deviceSource: changed('region: "flash"', 'region: "ota0"') });
    expect(planDevice(device).warnings.join()).toContain("Espruino's own partitions (did you mean ota_0?)");
  });

  it("with the path of the file, although it lies outside the repository", async () => {
    const path = join(makeTempFolder(), "shed.ts");
    writeFileSync(path, changed('"light",', '"light"'));
    const terminal = captureTerminal();
    expect(await build(["--device", path], terminal)).toBe(1);
    expect(terminal.text()).toContain(`${path}:37:20: a comma is missing here`);
  });

  it("nothing that is right", async () => {
    const source = `${AIR}import { pulse } from "espruino-backfill/sensors/pulse.ts";
      ${changed(LIGHT, "air.pressure").replace('analog("D32", { scale: 6.6 })', 'pulse("D27", { edge: "rising" })')}`;
    await expect(loadDeviceFile({ deviceSource: source })).resolves.toBeDefined();
    expect(findDeviceMistakes(undefined)).toEqual([expect.stringContaining("the device must be an object")]);
  });

  it("and letters that changed places, or their case, are one mistake", () => {
    expect(didYouMean("mni", ["scale", "min", "max"])).toBe(" (did you mean min?)");
    expect(didYouMean("esp32-s3", ["ESP32", "ESP32C3", "ESP32S3"])).toBe(" (did you mean ESP32S3?)");
    expect(didYouMean("xyz", ["min", "max"])).toBe("");
  });
});

describe("the table of sensor kinds", () => {
  const folder = join(FIRMWARE, "sensors");
  const SIGNATURE =
    /^export function (\w+)\(([^{}]*(?:\{[^}]*\})?[^{}]*?),?\s*\): (Sensor|\{[^}]*: Sensor[^}]*\}) \{$/gm;
  const makers = readdirSync(folder).flatMap((file) => {
    return file.endsWith(".ts")
      ? [...readFileSync(join(folder, file), "utf8").matchAll(SIGNATURE)].map(([, name, args, result]) => {
          return { name, file: file.replace(".ts", ""), args, result };
        })
      : [];
  });

  const outermost = (args: string) =>
    [...args.replace(/\{[^}]*\}/g, "").matchAll(/(\w+)\??:/g)].map(([, name]) => name);
  const settings = (args: string) => {
    const inner = /\{([^}]*)\}/.exec(args)?.[1] ?? "";
    return [...inner.matchAll(/(\w+)(\??):/g)].map(([, name, mark]) => name + mark);
  };
  const settingsOf = (kind: SensorKind) => {
    return kind.args.flatMap((one) => {
      if (one.is !== "settings") return [];
      return one.members.map((member) => `${member.name}${member.is === "number" && member.needed ? "" : "?"}`);
    });
  };

  it("has every function of firmware/sensors that makes a sensor", () => {
    expect(makers.map((one) => one.name).sort()).toEqual(SENSOR_KINDS.map((one) => one.name).sort());
  });

  it.each(SENSOR_KINDS)("has the file, arguments, settings and quantities of $name", (kind) => {
    const made = makers.find((one) => one.name === kind.name);
    expect(made?.file).toBe(kind.file);
    expect(kind.args.map((one) => one.name)).toEqual(outermost(made?.args ?? ""));
    expect(settingsOf(kind).sort()).toEqual(settings(made?.args ?? "").sort());
    const members = [...(made?.result ?? "").matchAll(/(\w+): Sensor/g)].map(([, name]) => name);
    expect(kind.quantities.flatMap((one) => one.member ?? []).sort()).toEqual(members.sort());
  });
});
