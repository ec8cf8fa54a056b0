import { z } from "zod";
import type { Device } from "../../firmware/device-types.ts";
import { LIMITS } from "../../firmware/limits.ts";
import { bundleDeviceFile } from "./bundle.ts";
import {
  complainOfOrigin,
  findRepeated,
  findSensorMistakes,
  isVirtualPin,
  sayIssue,
  sayMs,
  saySeconds,
  saySensor,
  sayVirtualPin,
  valueAt,
} from "./device-mistakes.ts";
import type { DeviceChoice } from "./device-plugin.ts";
import { checkPins } from "./pins/check-pins.ts";
import { CHIPS } from "./pins/chips.ts";
import type { MadeSensors } from "./pins/made-sensors.ts";
import type { PinUse } from "./pins/pin-use.ts";
import { runDeviceFile } from "./pins/run-device-file.ts";

/** The device file exports no valid device. `message` has one line for each mistake. */
export class DeviceFileError extends Error {
  constructor(lines: string[]) {
    super(lines.join("\n"));
    this.name = "DeviceFileError";
  }
}

const HOST = /^[A-Za-z0-9.-]+$/;

const milliseconds = (least: number) => {
  return z
    .int({ error: (issue) => `must be a whole number of ms${sayMs(issue.input)}` })
    .min(least, { error: (issue) => `must be at least ${least} ms${saySeconds(issue.input, least)}` });
};
const positive = z.int("must be a whole number").min(1, "must be at least 1");
const page = (least: number) =>
  z.int("must be a number").min(least, `must be at least ${least}`).multipleOf(1024, "must be a multiple of 1024");
const wire = z.strictObject(
  {
    pin: z.string("must be a pin's name, such as D0"),
    activeLow: z.boolean("must say true or false"),
  },
  "must be an object: { pin, activeLow }",
);

const consoles = z.strictObject(
  {
    telnet: z.boolean("must say true or false").optional(),
    bluetooth: z.boolean("must say true or false").optional(),
  },
  "must be an object: { telnet, bluetooth }",
);

const datastream = z.strictObject(
  {
    pin: z.custom<string>(isVirtualPin, { error: (issue) => sayVirtualPin(issue.input) }),
    name: z.string("must be a text").min(1, "must not be empty"),
    sensor: z.custom((value) => typeof value === "function", { error: (issue) => saySensor(issue.input) }),
    intervalMs: milliseconds(LIMITS.intervalMsMin),
    decimals: z
      .int("must be a whole number")
      .min(0, "must be 0 to 4")
      .max(LIMITS.decimalsMax, `must be 0 to ${LIMITS.decimalsMax}`),
    priority: z.literal([1, 2, 3], "must be 1, 2 or 3").optional(),
  },
  "must be an object: { pin, name, sensor, intervalMs, decimals }",
);

/** Limits of a server's plan. */
const limits = {
  pointsPerRequestMax: positive.optional(),
  pointsPerDayMax: positive.optional(),
  requestsPerDayMax: positive.optional(),
  ageMaxMs: milliseconds(3_600_000).optional(),
  bodyBytesMax: positive.optional(),
};

const server = z.strictObject(
  {
    url: z
      .string("must be a URL, such as https://blynk.cloud")
      .refine((url) => complainOfOrigin(url) === undefined, { error: (issue) => complainOfOrigin(`${issue.input}`) }),
    allowPlainHttp: z.boolean("must say true or false").optional(),
    ...limits,
    plan: z
      .union(
        [z.enum(["documented", "2026"]), z.strictObject(limits)],
        `must be "documented", "2026", or limits in whole numbers: { ${Object.keys(limits).join(", ")} }`,
      )
      .optional(),
  },
  "must be an object: { url }",
);

const deviceShape = z.strictObject(
  {
    name: z.string("must be a text").min(1, "must not be empty"),
    board: z.enum(["ESP32", "ESP32C3", "ESP32S3"], 'must be "ESP32", "ESP32C3" or "ESP32S3"').optional(),
    datastreams: z
      .array(datastream, "must be a list of datastreams")
      .min(1, "must have at least one datastream")
      .max(LIMITS.datastreamsMax, `must have at most ${LIMITS.datastreamsMax} datastreams`),
    server,
    timeServers: z
      .array(z.string("must be a host's name").regex(HOST, "must be a host's name"), "must be a list of host names")
      .min(1, "must have at least one host: without a time server no sample can be sent"),
    maxTimeUncertaintyMs: milliseconds(1).optional(),
    overload: z.enum(["thin", "oldest-first"], 'must be "thin" or "oldest-first"').optional(),
    region: z.union(
      [z.string().min(1, "must not be empty"), z.strictObject({ address: page(0), bytes: page(1024) })],
      "must be a partition's label, or { address, bytes } in whole pages",
    ),
    syncEveryMs: milliseconds(60_000).optional(),
    connectEveryMs: milliseconds(60_000).optional(),
    button: wire.optional(),
    led: wire.optional(),
    console: consoles.optional(),
  },
  "must be an object: { name, datastreams, server, … }",
);

/** Members of each part of a device file, by the first step of the way to it; "" is the device itself. */
const MEMBERS: { [part: string]: string[] } = {
  "": Object.keys(deviceShape.shape),
  datastreams: Object.keys(datastream.shape),
  server: Object.keys(server.shape),
  plan: Object.keys(limits),
  led: Object.keys(wire.shape),
  button: Object.keys(wire.shape),
  console: Object.keys(consoles.shape),
  region: ["address", "bytes"],
};

/** What is wrong with a device, one line for each mistake, such as `datastreams[1].decimals must be 0 to 4`. */
export function findDeviceMistakes(device: unknown, sensors?: MadeSensors): string[] {
  const found = deviceShape.safeParse(device).error?.issues ?? [];
  // What `findSensorMistakes` has better words for.
  const issues = found.filter((issue) => sensors?.whyNoSensor(valueAt(device, issue.path)) === undefined);
  const mistakes = issues.map((issue) => sayIssue(issue, device, MEMBERS));
  const given = device as Partial<Device> | null | undefined;
  mistakes.push(...findRepeated(given?.datastreams, "pin"), ...findRepeated(given?.datastreams, "name"));
  if (/^http:/.test(`${given?.server?.url}`) && given?.server?.allowPlainHttp !== true) {
    mistakes.push(
      "server.url is http: anyone on the way could read the token. Write allowPlainHttp: true if that is all right",
    );
  }
  return mistakes;
}

function sayMissing(hasDefault: boolean): string {
  return hasDefault
    ? "it exports no device: instead of `export default`, export it as `export const device`"
    : "it exports no device: export it as `export const device`";
}

/** A device file that has no mistakes. */
export interface LoadedDevice {
  device: Device;
  /** What the device file uses pins for, as its sensors showed when they ran on stand-ins. */
  pinUses: PinUse[];
  /** What the pins of the device file are used for works with care only: one line each. */
  pinWarnings: string[];
}

/**
 * Runs a device file on this machine, and each of its sensors once on stand-ins for Espruino's functions. Throws `BundleError` if
 * the file doesn't compile, `DeviceFileError` if it throws while it loads, exports no valid device, or uses pins that can't work.
 */
export async function loadDeviceFile(choice: DeviceChoice = {}): Promise<LoadedDevice> {
  const run = runDeviceFile(await bundleDeviceFile(choice), choice.deviceFile ?? "device.ts");
  if ("failure" in run) throw new DeviceFileError([`the device file fails when it is loaded: ${run.failure}`]);
  if (run.device === undefined) throw new DeviceFileError([sayMissing(run.hasDefault)]);
  const device = run.device as Device;
  const mistakes = [...findDeviceMistakes(device, run.sensors), ...findSensorMistakes(device, run.sensors)];
  if (mistakes.length > 0) throw new DeviceFileError(mistakes);
  const pinUses = run.readPins(device);
  const misread = findSensorMistakes(device, run.sensors);
  if (misread.length > 0) throw new DeviceFileError(misread);
  const { errors, warnings } = checkPins(CHIPS[device.board ?? "ESP32"], pinUses);
  if (errors.length > 0) throw new DeviceFileError(errors);
  return { device, pinUses, pinWarnings: warnings };
}

/** The device of `loadDeviceFile`. */
export async function loadDevice(choice: DeviceChoice = {}): Promise<Device> {
  return (await loadDeviceFile(choice)).device;
}
