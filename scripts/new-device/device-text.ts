/** The text of a new device file. */

import { type Argument, isOptional } from "../build/pins/sensor-kinds.ts";
import { sayDuration } from "../build/plan.ts";
import { NONE, type SensorValues, streamNames, type WantedDevice, type WantedSensor } from "./wanted-device.ts";

/** `path`: as the commands name the file, for its head comment. */
export function deviceText(device: WantedDevice, path: string): string {
  const chips = device.sensors.map((_, i) => chipName(device.sensors, i));
  const made = device.sensors.flatMap((sensor, i) => (chips[i] === undefined ? [] : [chipLines(sensor, chips[i])]));
  return [head(path), imports(device.sensors), ...made, deviceObject(device, chips), ""].join("\n");
}

function head(path: string): string {
  const shown = /\s/.test(path) ? `"${path}"` : path;
  return `/**
 * What this unit measures and where it sends. Change what you like, then:
 *   npm run build -- --device ${shown}                   checks it, and says what it amounts to
 *   npm run simulate -- --device ${shown} --offline 1d   a day on a simulated ESP32
 *   npm run flash -- --device ${shown}                   puts it on the unit
 * Nothing secret belongs here: \`npm run provision\` puts the Wi-Fi passwords and the Blynk token on the unit.
 */`;
}

function imports(sensors: WantedSensor[]): string {
  const files = new Map<string, Set<string>>();
  for (const { kind } of sensors) files.set(kind.file, (files.get(kind.file) ?? new Set()).add(kind.name));
  const lines = [...files].sort().map(([file, names]) => {
    return `import { ${[...names].sort().join(", ")} } from "espruino-backfill/sensors/${file}";`;
  });
  return ['import type { Device } from "espruino-backfill/device-types";', ...lines, ""].join("\n");
}

/** The variable of a chip with several quantities; undefined for a sensor of one. */
function chipName(sensors: WantedSensor[], at: number): string | undefined {
  const { kind } = sensors[at];
  if (kind.quantities[0].member === undefined) return undefined;
  const before = sensors.slice(0, at).filter((one) => one.kind === kind).length;
  return `${kind.name}Chip${before === 0 ? "" : before + 1}`;
}

function chipLines({ kind, values }: WantedSensor, name: string): string {
  return `// ${kind.what}. Wiring: head of firmware/sensors/${kind.file}.ts.\nconst ${name} = ${kind.name}(${callArguments(kind.args, values)});\n`;
}

function callArguments(args: Argument[], values: SensorValues): string {
  const texts = args.map((argument) => {
    if (argument.is === "function") return "() => 42";
    if (argument.is === "settings") {
      const members = argument.members.filter((member) => values[member.name] !== undefined);
      if (members.length === 0) return "{}";
      return `{ ${members.map(({ name }) => `${name}: ${JSON.stringify(values[name])}`).join(", ")} }`;
    }
    const value = values[argument.name];
    if (value === undefined) return isOptional(argument) ? undefined : '""';
    return typeof value === "number" ? `0x${value.toString(16)}` : JSON.stringify(value);
  });
  return texts.filter((text) => text !== undefined).join(", ");
}

function deviceObject(device: WantedDevice, chips: (string | undefined)[]): string {
  const names = streamNames(device.sensors);
  let pin = 0;
  const streams = device.sensors.flatMap((sensor, i) => {
    return sensor.quantities.map((_, k) => streamText(sensor, k, { pin: ++pin, name: names[i][k], chip: chips[i] }));
  });
  const isHttp = device.allowPlainHttp ? ", allowPlainHttp: true" : "";
  return `export const device: Device = {
  name: ${JSON.stringify(device.name)},
  // The chip: the build checks its pins.
  board: "${device.board}",

  // At most 16. More members, such as \`priority\`: firmware/device-types.ts.
  datastreams: [
${streams.join("\n")}
  ],

  server: { url: ${JSON.stringify(device.url)}${isHttp} },

  // Two of them have to agree before their time is believed.
  timeServers: ["pool.ntp.org", "time.google.com", "time.cloudflare.com"],

  // The partition that holds the samples: "flash" (64 kB), or "ota_0" (1.5 MB) for months offline.
  region: ${JSON.stringify(device.region)},

  // When more waits than can be sent before it is too old: "oldest-first" lets the oldest expire, "thin" sends every k-th.
  overload: "oldest-first",

${syncText(device.connectEveryMs)}${panelText(device)}};`;
}

function streamText(sensor: WantedSensor, at: number, stream: { pin: number; name: string; chip?: string }): string {
  const { kind, values } = sensor;
  const quantity = sensor.quantities[at];
  const call =
    stream.chip === undefined
      ? `${kind.name}(${callArguments(kind.args, values)})`
      : `${stream.chip}.${quantity.member}`;
  const unit = quantity.unit === "" ? "" : ` // ${quantity.unit}`;
  const about =
    stream.chip === undefined
      ? aboutKind(sensor)
          .map((line) => `      // ${line}\n`)
          .join("")
      : "";
  return `    {
      pin: "v${stream.pin}",
      name: ${JSON.stringify(stream.name)},
${about}      sensor: ${call},${unit}
      intervalMs: ${sensor.intervalMs}, // ${sayDuration(sensor.intervalMs)}
      decimals: ${quantity.decimals},
    },`;
}

function aboutKind({ kind }: WantedSensor): string[] {
  if (kind.args[0].is === "function") return ["Write your own function in place of this one, which always gives 42."];
  const isCalibrated = kind.args.some((one) => one.is === "settings");
  const what = `${kind.what[0].toUpperCase()}${kind.what.slice(1)}.`;
  return [what, `Wiring${isCalibrated ? " and calibration" : ""}: head of firmware/sensors/${kind.file}.ts.`];
}

function syncText(connectEveryMs: number | undefined): string {
  if (connectEveryMs !== undefined) {
    return `  // The radio is on only for a sync, each ${sayDuration(connectEveryMs)}.\n  connectEveryMs: ${connectEveryMs},\n`;
  }
  return "  // The radio is always on. For one that is on only for a sync, set `connectEveryMs` instead.\n  syncEveryMs: 3600000, // 1 h\n";
}

function panelText({ button, led }: WantedDevice): string {
  const lines: string[] = [];
  if (button !== NONE) lines.push(`  button: { pin: ${JSON.stringify(button)}, activeLow: true },`);
  if (led !== NONE) lines.push(`  led: { pin: ${JSON.stringify(led)}, activeLow: false },`);
  if (lines.length === 0) return "";
  return `\n  // Press the button to sync at once. The LED blinks how a sync ended: docs/field-card.md.\n${lines.join("\n")}\n`;
}
