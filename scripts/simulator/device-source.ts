/** Device files for the simulator: a user's own, or one made from a list of datastreams. Their sensors are observed. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Device } from "../../firmware/device-types.ts";
import { bundleFirmware, FIRMWARE } from "../build/bundle.ts";
import { DeviceFileError, loadDevice } from "../build/device-file.ts";
import { builtOnce } from "./build-cache.ts";
import { SimulationError } from "./errors.ts";
import { type GeneratedDevice, isGenerated, membersOf } from "./generated-device.ts";

export { type GeneratedDevice, isGenerated, type SimulatedStream } from "./generated-device.ts";

/** A program that is already built, such as a small one in a test; it calls `global["simulated"]` itself. */
export interface Program {
  code: string;
  /** Partition label. Default "flash". */
  region?: string;
  /** What `global["simulated"].given` says to a program that is made for many devices. */
  given?: string;
}

/** A user's device file by its path or its text, a generated device, or a whole program. */
export type SimulatedDevice =
  | ({ file: string } & Overrides)
  | ({ source: string } & Overrides)
  | GeneratedDevice
  | Program;

/** What a run changes in a device without touching its file. */
export interface Overrides {
  region?: string;
  /** For every datastream. */
  intervalMs?: number;
  /** Pin → what its sensor shows in place of its own reading, `elapsedMs` after the first power-on. NaN: no reading. */
  readings?: ReadonlyMap<string, (elapsedMs: number) => number>;
  /** Sends without TLS if the server's URL says so, whatever the device file allows. */
  plainHttp?: boolean;
}

function overriding({ region, intervalMs, plainHttp }: Overrides): string {
  let source = "";
  if (region !== undefined) source += `device.region = ${JSON.stringify(region)};\n`;
  if (intervalMs !== undefined) {
    source += `device.datastreams.forEach((stream: any) => {\n  stream.intervalMs = ${intervalMs};\n});\n`;
  }
  if (plainHttp) source += "device.server.allowPlainHttp = true;\n";
  return source;
}

/**
 * Wraps each sensor, so that the simulator sees what the firmware is given. Written for Espruino: it becomes part of the
 * bundle.
 */
export const OBSERVE = `
const simulated = (global as any)["simulated"];
device.datastreams.forEach((stream: any) => {
  const sensor = stream.sensor;
  stream.sensor = (done: any) => {
    simulated.sense(stream.pin, sensor, done);
  };
});
simulated.device(device);
`;

function generatedSource(device: GeneratedDevice): string {
  const streams = device.streams.map(
    (stream) =>
      `{ pin: ${JSON.stringify(stream.pin)}, name: ${JSON.stringify(stream.name)}, intervalMs: ${stream.intervalMs}, ` +
      `decimals: ${stream.decimals}, sensor: (done: any) => done((global as any)["simulated"].value(${JSON.stringify(stream.pin)})) }`,
  );
  return `export const device: any = {
  datastreams: [${streams.join(",\n")}],
  ${Object.entries(membersOf(device))
    .map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)},`)
    .join("\n  ")}
};`;
}

const programs = new Map<string, Promise<Program>>();

const DAY_MS = 86_400_000;

/**
 * The firmware's bundle with this device in it, as it would be flashed except for the wrapped sensors. It was built a day before
 * it is powered on at `startMs` (Unix time), so that recordings of other years can be replayed. A device file is checked as
 * `npm run build` does it. Throws BundleError, DeviceFileError, SimulationError.
 */
export async function buildDevice(device: SimulatedDevice, startMs: number): Promise<Program> {
  if ("code" in device) return device;
  const source = deviceSourceOf(device);
  const buildMs = startMs - DAY_MS;
  const key = `${buildMs}\n${source}`;
  // Built once a process: hundreds of seeds run the same device.
  let program = programs.get(key);
  if (!program) {
    program = build(device, source, buildMs);
    programs.set(key, program);
  }
  return program;
}

export type BuiltDevice = Exclude<SimulatedDevice, Program>;

/** The text that takes the place of firmware/device.ts. */
export function deviceSourceOf(device: BuiltDevice): string {
  if ("file" in device) {
    return `import { device } from ${JSON.stringify(resolve(device.file))};\n${overriding(device)}${OBSERVE}\nexport { device };`;
  }
  return (isGenerated(device) ? generatedSource(device) : `${device.source}\n${overriding(device)}`) + OBSERVE;
}

/** Whether the program is made of nothing but its source text, the firmware's files and the build's. */
function ownsItsSource(device: BuiltDevice): boolean {
  if (!("file" in device)) return isGenerated(device);
  const file = resolve(device.file);
  return dirname(file) === FIRMWARE && existsSync(file) && !/["']\.\.\//.test(readFileSync(file, "utf8"));
}

async function build(device: BuiltDevice, deviceSource: string, buildMs: number): Promise<Program> {
  const region = isGenerated(device) ? device.region : await checkedRegion(device);
  const deviceFile = "file" in device ? resolve(device.file) : undefined;
  const make = async () => (await bundleFirmware({ deviceFile, deviceSource, buildMs })).code;
  const key = `${buildMs}\n${deviceSource}`;
  return { code: await (ownsItsSource(device) ? builtOnce(key, make) : make()), region };
}

/** Partition label that a user's device file names, once the file has no mistakes. */
async function checkedRegion(device: Exclude<BuiltDevice, GeneratedDevice>): Promise<string> {
  const loaded = await loadChecked(device);
  const region = device.region ?? loaded.region;
  if (typeof region === "string") return region;
  throw new SimulationError("the simulator needs a device file whose region is a partition's label");
}

async function loadChecked(device: Exclude<BuiltDevice, GeneratedDevice>): Promise<Device> {
  if (!("file" in device)) return loadDevice({ deviceSource: device.source });
  try {
    return await loadDevice({ deviceFile: device.file });
  } catch (error) {
    if (error instanceof DeviceFileError) throw new DeviceFileError([`${device.file}:`, error.message]);
    throw error;
  }
}
