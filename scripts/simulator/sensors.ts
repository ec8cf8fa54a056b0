/** The sensors of an observed device: what they show, their faults, and a record of every reading. */
import { pinNumber } from "./audit.ts";
import type { SimulatedDevice } from "./device-source.ts";
import { DAY_MS, within } from "./duration.ts";
import { isGenerated } from "./generated-device.ts";
import type { Prng } from "./prng.ts";
import type { Recorder } from "./recorder.ts";
import type { SensorFault } from "./script.ts";
import type { Board } from "./simulated-board.ts";
import type { World } from "./world.ts";

export interface SensorOptions {
  device: SimulatedDevice;
  world: World;
  board: Board;
  recorder: Recorder;
  faults: SensorFault[];
  /** Receives the decimals of each pin, as the device file says. */
  decimals: Map<number, number>;
  /** `Program.given`. */
  given?: string;
  /** Called with the device of the program at each boot. */
  onFound?(device: FoundDevice): void;
}

/** Of the device file, what a reader of the run needs. */
export interface FoundDevice {
  name: string;
  datastreams: { pin: string; name: string; decimals: number; intervalMs: number }[];
  /** "D2" */
  led: { pin: string; activeLow: boolean } | undefined;
}

type Sensor = (done: (value: number, why?: string) => void) => void;

/** The members of `global["simulated"]` for one boot, which device-source.ts calls. */
export function createSensors(options: SensorOptions): Record<string, unknown> {
  const { device, world, board, recorder, faults, decimals } = options;
  const streams = isGenerated(device) ? new Map(device.streams.map((one) => [one.pin, one])) : undefined;
  const recorded = "readings" in device ? device.readings : undefined;
  const boot = board.boot();

  function sense(pin: string, sensor: Sensor, done: (value: number, why?: string) => void): void {
    if (boot && !boot.alive()) boot.check();
    const number = pinNumber(pin);
    const reading = recorder.begin(number);
    const fault = faults.find((one) => (one.pin === undefined || one.pin === pin) && within(one, world.nowMs()));
    if (fault?.kind === "hang") return;
    if (fault?.kind === "throw") throw new Error("sensor does not answer");
    let answered = false;
    const read = recorded?.get(pin);
    const ask: Sensor = read ? (answer) => answer(read(world.nowMs())) : sensor;
    ask((value, why) => {
      const given = fault?.kind === "nan" ? Number.NaN : value;
      // A second answer is a mistake of the sensor, not a sample of the firmware.
      if (!answered) recorder.handOver(number, reading, given);
      answered = true;
      done(given, why);
    });
  }

  return {
    /** For a program that is made for many devices: the one that it is now, as JSON; undefined for its own. */
    given: options.given,
    device(found: FoundDevice) {
      options.onFound?.(plainDevice(found));
      for (const stream of found.datastreams) {
        const pin = pinNumber(stream.pin);
        // Of several device files, the coarsest: a reading is found by its rounded value.
        decimals.set(pin, Math.min(stream.decimals, decimals.get(pin) ?? stream.decimals));
      }
    },
    /** For programs that a test writes itself. */
    trueMs: () => Math.floor(world.trueMs()),
    value(pin: string) {
      const stream = streams?.get(pin);
      return stream && isGenerated(device) ? device.value(stream, world.nowMs()) : Number.NaN;
    },
    sense,
  };
}

/** A copy that holds on to nothing of the program. */
function plainDevice({ name, datastreams, led }: FoundDevice): FoundDevice {
  return {
    name,
    datastreams: datastreams.map(({ pin, name, decimals, intervalMs }) => ({ pin, name, decimals, intervalMs })),
    led: led === undefined ? undefined : { pin: led.pin, activeLow: led.activeLow },
  };
}

/** A plausible voltage, 0 to 1: a daily wave, a slow wander and some noise, different for each pin. */
export function analogLevel(pin: number, elapsedMs: number, noise: Prng): number {
  const day = (2 * Math.PI * elapsedMs) / DAY_MS;
  const level = 0.22 + 0.02 * Math.sin(day + pin) + 0.004 * Math.sin(day * 7.3 + 2 * pin);
  return Math.min(1, Math.max(0, level + noise.between(-0.0006, 0.0006)));
}
