/** Device files for the simulator: a user's own, or one generated from a list of datastreams, with its sensors observed. */
import { resolve } from "node:path";
import { bundleFirmware } from "../build/bundle.ts";

export interface SimulatedStream {
  /** "v1" */
  pin: string;
  name: string;
  intervalMs: number;
  decimals: number;
}

/** A device made up for a scenario: its sensors read `value`. */
export interface GeneratedDevice {
  streams: SimulatedStream[];
  /** What the sensor of a datastream shows, so many ms after the first power-on. NaN: no reading. */
  value(stream: SimulatedStream, elapsedMs: number): number;
  /** Partition label. Default "flash". */
  region?: string;
  /** More members of `Device`, as they stand in device.ts: `overload`, `syncEveryMs`, `connectEveryMs`, … */
  more?: Record<string, unknown>;
  plainHttp?: boolean;
}

/** A program that is built already, say a small one of a test's own; it calls `global["simulated"]` itself. */
export interface Program {
  code: string;
  /** Partition label. Default "flash". */
  region?: string;
}

/** A user's device file by its path or its text, a generated device, or a whole program. */
export type SimulatedDevice =
  | ({ file: string } & Overrides)
  | ({ source: string } & Overrides)
  | GeneratedDevice
  | Program;

/** What a run changes of a device file without touching it. */
export interface Overrides {
  region?: string;
  /** Of every datastream. */
  intervalMs?: number;
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

/** Wraps each sensor, so that the simulator sees what the firmware is given. Written for Espruino: it becomes part of the bundle. */
const OBSERVE = `
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
  const more = {
    server: { url: "https://blynk.cloud", allowPlainHttp: device.plainHttp },
    timeServers: ["time-a.example", "time-b.example", "time-c.example"],
    button: { pin: "D0", activeLow: true },
    led: { pin: "D2", activeLow: false },
    ...device.more,
  };
  return `export const device: any = {
  name: "simulated",
  datastreams: [${streams.join(",\n")}],
  region: ${JSON.stringify(device.region ?? "flash")},
  ${Object.entries(more)
    .map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)},`)
    .join("\n  ")}
};`;
}

export function isGenerated(device: SimulatedDevice): device is GeneratedDevice {
  return "streams" in device;
}

const cache = new Map<string, Promise<string>>();

/** The firmware's bundle with this device in it, as it would be flashed but for the wrapped sensors. Throws BundleError. */
export async function buildDevice(device: SimulatedDevice): Promise<string> {
  if ("code" in device) return device.code;
  if ("file" in device) {
    const deviceFile = resolve(device.file);
    const source = `import { device } from ${JSON.stringify(deviceFile)};\n${overriding(device)}`;
    return bundleOnce(source, { deviceFile, deviceSource: `${source}${OBSERVE}\nexport { device };` });
  }
  const source = isGenerated(device) ? generatedSource(device) : `${device.source}\n${overriding(device)}`;
  return bundleOnce(source, { deviceSource: source + OBSERVE });
}

/** Built once a process: hundreds of seeds run the same device. */
function bundleOnce(key: string, options: { deviceFile?: string; deviceSource: string }): Promise<string> {
  let built = cache.get(key);
  if (!built) {
    built = bundleFirmware(options).then((bundle) => bundle.code);
    cache.set(key, built);
  }
  return built;
}
