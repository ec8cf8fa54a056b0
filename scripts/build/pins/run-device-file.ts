import { basename } from "node:path";
import { runInContext } from "node:vm";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import type { Device } from "../../../firmware/device-types.ts";
import { didYouMean } from "../did-you-mean.ts";
import { anything, standInForEspruino } from "./espruino-stand-in.ts";
import type { MadeSensors } from "./made-sensors.ts";
import { OBSERVE } from "./observed-sensors.ts";
import { createPinRecorder } from "./pin-recorder.ts";
import type { PinUse } from "./pin-use.ts";
import { findSensorKind, SENSOR_KINDS } from "./sensor-kinds.ts";

const LOAD_TIMEOUT_MS = 5000;
const READ_TIMEOUT_MS = 500;

/** A device file that ran to its end. */
export interface DeviceRun {
  /** What it exports, whatever that is. */
  device: unknown;
  /** It has an `export default`. */
  hasDefault: boolean;
  /** The sensors that it made. */
  sensors: MadeSensors;
  /** Reads every sensor once, and returns all pins of the device file. */
  readPins(device: Device): PinUse[];
}

/** What a device file threw, with the place in its source, and the name that was probably meant. */
function sayFailure(error: Error, code: string, filename: string): string {
  // Thrown by the context's own code: no `instanceof` knows it.
  const { message = String(error), stack = "" } = error;
  const unknown = /^(\w+) is not defined$/.exec(message)?.[1];
  const kind = unknown === undefined ? undefined : findSensorKind(unknown);
  let advice = "";
  if (kind !== undefined) advice = `: write import { ${kind.name} } from "espruino-backfill/sensors/${kind.file}";`;
  else if (unknown !== undefined) {
    advice = didYouMean(
      unknown,
      SENSOR_KINDS.map((one) => one.name),
    );
  }
  return message + advice + sayPlace(stack, code, filename);
}

/** " (shed.ts:12)" for the uppermost line of the stack that the source map knows. */
function sayPlace(stack: string, code: string, filename: string): string {
  const encoded = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(code)?.[1];
  const at = stack.split("\n").find((line) => /^ +at /.test(line) && line.includes(`${filename}:`));
  const [, line, column] = /:(\d+):(\d+)\)?$/.exec(at ?? "") ?? [];
  if (encoded === undefined || line === undefined) return "";
  const map = new TraceMap(Buffer.from(encoded, "base64").toString());
  const { source, line: original } = originalPositionFor(map, { line: Number(line), column: Number(column) - 1 });
  return source === null ? "" : ` (${basename(source).replace(/^.*:/, "")}:${original})`;
}

/** Runs a device file's bundle on stand-ins for Espruino's functions. `failure`: what it threw while it loaded. */
export function runDeviceFile(code: string, filename: string): DeviceRun | { failure: string } {
  const recorder = createPinRecorder(anything);
  const context = standInForEspruino({ ...recorder.globals, [OBSERVE]: recorder.sensors.observe });
  try {
    runInContext(code, context, { filename, timeout: LOAD_TIMEOUT_MS });
  } catch (error) {
    return { failure: sayFailure(error as Error, code, filename) };
  }
  const { device, hasDefault } = context.deviceFile as { device: unknown; hasDefault: boolean };
  return {
    device,
    hasDefault,
    sensors: recorder.sensors,
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
