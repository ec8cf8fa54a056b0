import type { Device } from "../../../firmware/device-types.ts";
import { BuildError, type Built, buildFirmware } from "../../build/build-firmware.ts";
import { BundleError } from "../../build/bundle.ts";
import { DeviceFileError, loadDevice, loadDeviceFile } from "../../build/device-file.ts";
import type { PinUse } from "../../build/pins/pin-use.ts";
import { FieldError } from "../terminal/field-error.ts";

/** The device file at `path`, or firmware/device.ts. Throws a `FieldError` that lists all mistakes in it. */
export function readDeviceFile(path: string | undefined): Promise<Device> {
  return withFieldError(loadDevice({ deviceFile: path }));
}

/** What the device file at `path`, or firmware/device.ts, uses pins for. Throws as `readDeviceFile` does. */
export async function readPinUses(path: string | undefined): Promise<PinUse[]> {
  return (await withFieldError(loadDeviceFile({ deviceFile: path }))).pinUses;
}

/** The checked firmware for the device file at `path`. Throws a `FieldError` that lists all reasons why it can't be built. */
export function buildForDevice(path: string | undefined): Promise<Built> {
  return withFieldError(buildFirmware({ deviceFile: path }));
}

async function withFieldError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof BundleError || cause instanceof DeviceFileError || cause instanceof BuildError)) throw cause;
    const lines = cause.message.split("\n").map((line) => `\n    ${line}`);
    throw new FieldError(
      `The firmware can't be built:${lines.join("")}`,
      "Correct the device file. Nothing was written to the device.",
      { cause },
    );
  }
}
