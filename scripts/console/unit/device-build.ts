import type { Device } from "../../../firmware/device-types.ts";
import { BundleError } from "../../build/bundle.ts";
import { DeviceFileError, loadDevice } from "../../build/device-file.ts";
import { BuildError, type Built, buildFirmware } from "../../build.ts";
import { FieldError } from "../terminal/field-error.ts";

/** The device file at `path`, firmware/device.ts without it. Throws a `FieldError` with all its mistakes. */
export function readDeviceFile(path: string | undefined): Promise<Device> {
  return orFieldError(loadDevice({ deviceFile: path }));
}

/** The firmware for it, checked. Throws a `FieldError` with all the reasons why not. */
export function build(path: string | undefined): Promise<Built> {
  return orFieldError(buildFirmware({ deviceFile: path }));
}

async function orFieldError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof BundleError || cause instanceof DeviceFileError || cause instanceof BuildError)) throw cause;
    const lines = cause.message.split("\n").map((line) => `\n    ${line}`);
    throw new FieldError(
      `The firmware can't be built:${lines.join("")}`,
      "Put it right in the device file. Nothing was written to the device.",
      {
        cause,
      },
    );
  }
}
