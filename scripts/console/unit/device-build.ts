import type { Device } from "../../../firmware/device-types.ts";
import { BuildError, type Built, buildFirmware, type Parse } from "../../build/build-firmware.ts";
import { BundleError } from "../../build/bundle.ts";
import { DeviceFileError, loadDevice, loadDeviceFile } from "../../build/device-file.ts";
import type { PinUse } from "../../build/pins/pin-use.ts";
import { FieldError } from "../terminal/field-error.ts";

/** The device file at `path`, or firmware/device.ts. Throws a `FieldError` that lists all mistakes in it. */
export function readDeviceFile(path: string | undefined): Promise<Device> {
  return withFieldError(loadDevice({ deviceFile: path }), "The device file can't be read", "Correct the device file.");
}

/** The device file at `path`, or firmware/device.ts, with what it uses pins for. Throws as `readDeviceFile` does. */
export function readDeviceAndPins(path: string | undefined): Promise<{ device: Device; pinUses: PinUse[] }> {
  const file = loadDeviceFile({ deviceFile: path });
  return withFieldError(file, "The device file can't be read", "Correct the device file.");
}

/** The checked firmware for the device file at `path`. Throws a `FieldError` that lists all reasons why it can't be built. */
export function buildForDevice(path: string | undefined, parse?: Parse): Promise<Built> {
  const advice = "Correct the device file. Nothing was written to the device.";
  return withFieldError(buildFirmware({ deviceFile: path }, parse), "The firmware can't be built", advice);
}

async function withFieldError<T>(work: Promise<T>, what: string, advice: string): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof BundleError || cause instanceof DeviceFileError || cause instanceof BuildError)) throw cause;
    const lines = cause.message.split("\n").map((line) => `\n    ${line}`);
    throw new FieldError(`${what}:${lines.join("")}`, advice, { cause });
  }
}
