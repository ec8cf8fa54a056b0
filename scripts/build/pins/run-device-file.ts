import { createContext, runInContext } from "node:vm";
import type { Device } from "../../../firmware/device-types.ts";
import { GLOBALS } from "../dialect/library.ts";
import { OBSERVE } from "./observed-sensors.ts";
import { createPinRecorder, type PinRecorder } from "./pin-recorder.ts";
import type { PinUse } from "./pin-use.ts";

const LOAD_TIMEOUT_MS = 5000;
const READ_TIMEOUT_MS = 500;

/** A device file that ran to its end. */
export interface DeviceRun {
  /** What it exports, whatever that is. */
  device: unknown;
  /** Reads every sensor once, and returns all pins of the device file. */
  readPins(device: Device): PinUse[];
}

/** Runs a device file's bundle on stand-ins for Espruino's functions. `failure`: what it threw while it loaded. */
export function runDeviceFile(code: string, filename: string): DeviceRun | { failure: string } {
  const anything = createAnything();
  const recorder = createPinRecorder(anything);
  const context = standInForEspruino(recorder, anything);
  try {
    runInContext(code, context, { filename, timeout: LOAD_TIMEOUT_MS });
  } catch (error) {
    return { failure: (error as Error).message };
  }
  return {
    device: (context.deviceFile as { device: unknown }).device,
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

/** It can be called, constructed and read, and does nothing. */
function createAnything(): unknown {
  const anything: unknown = new Proxy(function anything() {}, {
    get: (_, key) => (key === Symbol.toPrimitive ? () => 0 : anything),
    apply: () => anything,
    construct: () => anything as object,
  });
  return anything;
}

/** A context with JavaScript's own globals, and with Espruino's. */
function standInForEspruino(recorder: PinRecorder, anything: unknown): { [name: string]: unknown } {
  const globals: { [name: string]: unknown } = {};
  const own = new Set(Object.getOwnPropertyNames(globalThis));
  for (const name of GLOBALS) {
    if (!own.has(name) || /^(console|process|set|clear|require)/.test(name)) globals[name] = anything;
  }
  Object.assign(globals, recorder.globals, { [OBSERVE]: recorder.observe });
  delete globals.arguments;
  delete globals.global;
  return createContext(globals);
}
