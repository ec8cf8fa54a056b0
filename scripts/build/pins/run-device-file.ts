import { runInContext } from "node:vm";
import type { Device } from "../../../firmware/device-types.ts";
import { anything, standInForEspruino } from "./espruino-stand-in.ts";
import { OBSERVE } from "./observed-sensors.ts";
import { createPinRecorder } from "./pin-recorder.ts";
import type { PinUse } from "./pin-use.ts";

const LOAD_TIMEOUT_MS = 5000;
const READ_TIMEOUT_MS = 500;

/** A device file that ran to its end. */
export interface DeviceRun {
  /** What it exports, whatever that is. */
  device: unknown;
  /** It has an `export default`. */
  hasDefault: boolean;
  /** Reads every sensor once, and returns all pins of the device file. */
  readPins(device: Device): PinUse[];
}

/** Runs a device file's bundle on stand-ins for Espruino's functions. `failure`: what it threw while it loaded. */
export function runDeviceFile(code: string, filename: string): DeviceRun | { failure: string } {
  const recorder = createPinRecorder(anything);
  const context = standInForEspruino({ ...recorder.globals, [OBSERVE]: recorder.observe });
  try {
    runInContext(code, context, { filename, timeout: LOAD_TIMEOUT_MS });
  } catch (error) {
    return { failure: (error as Error).message };
  }
  const { device, hasDefault } = context.deviceFile as { device: unknown; hasDefault: boolean };
  return {
    device,
    hasDefault,
    readPins(device) {
      device.datastreams.forEach((stream, i) => {
        context.readSensor = () => recorder.read(stream.sensor, `datastreams[${i}] (${stream.name})`);
        try {
          // In the context: only a script of its own has a time limit.
          runInContext("readSensor()", context, { timeout: READ_TIMEOUT_MS });
        } catch {
          // It waits for something that a stand-in never shows. Its pins are noted by then.
        }
      });
      recorder.notePanel(device);
      return recorder.uses;
    },
  };
}
