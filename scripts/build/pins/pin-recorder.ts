/**
 * Finds out at the desk which pins a device file takes, and how. Its sensors run once on stand-ins for Espruino's
 * functions, which note the pins that they are given; so a new kind of sensor needs no list of its pins, and the device no
 * code for it.
 */
import type { Device, Sensor } from "../../../firmware/device-types.ts";
import { createMadeSensors, type MadeSensors } from "./made-sensors.ts";
import { ownerCalled, type PinOwner, type PinUse, type PinWay } from "./pin-use.ts";

/** Callbacks of timers that one reading may run: a driver that asks again and again must come to an end. */
const TIMERS_MAX = 100;

export interface PinRecorder {
  uses: PinUse[];
  /** Stand-ins that note pins, by their names in Espruino. `anything` stands for all that nobody looks at. */
  globals: { [name: string]: unknown };
  sensors: MadeSensors;
  /** Reads a datastream's sensor once, and runs what its timers do afterwards. */
  read(sensor: Sensor, where: string): void;
  /** Notes the pins that the device file names itself. */
  notePanel(device: Device): void;
}

export function createPinRecorder(anything: unknown): PinRecorder {
  const uses: PinUse[] = [];
  const timers: (() => void)[] = [];
  let owner = ownerCalled("the device file");
  let place: string | undefined;

  function note(pin: unknown, way: PinWay, port?: string): void {
    if (typeof pin === "string" || pin instanceof RecordedPin) uses.push({ pin: `${pin}`, way, owner, port });
  }

  function within<T>(mine: PinOwner, work: () => T): T {
    const before = owner;
    owner = mine;
    if (place !== undefined && !mine.where.includes(place)) mine.where.push(place);
    try {
      return work();
    } finally {
      owner = before;
    }
  }

  function later(callback: unknown): number {
    const mine = owner;
    if (typeof callback === "function") timers.push(() => within(mine, () => callback()));
    return timers.length;
  }

  const sensors = createMadeSensors(within);

  return {
    uses,
    globals: { ...pinFunctions(note), ...buses(note, anything), setTimeout: later, setInterval: later },
    sensors,
    read(sensor, where) {
      place = where;
      const mine = sensors.ownerOf(sensor);
      let isAnswered = false;
      try {
        const returned: unknown = within(mine, () => {
          return sensor(() => {
            isAnswered = true;
          });
        });
        for (let i = 0; i < TIMERS_MAX && timers.length > 0; i++) timers.shift()?.();
        if (!isAnswered && sensor.length === 0 && returned !== undefined) {
          mine.mistakes.push("the function returns its value and calls no `done`: write custom(() => …) around it");
        }
      } catch {
        // A driver may find no sense in what a stand-in answers. Its pins are noted by then.
      } finally {
        timers.length = 0;
        place = undefined;
      }
    },
    notePanel({ led, button }) {
      if (led !== undefined) uses.push({ pin: led.pin, way: "output", owner: ownerCalled("LED") });
      if (button === undefined) return;
      const way = button.activeLow ? "input with pull-up" : "input";
      uses.push({ pin: button.pin, way, owner: ownerCalled("button") });
    },
  };
}

type Note = (pin: unknown, way: PinWay, port?: string) => void;

/** What `new Pin("D4")` and the global `D4` are. Its methods are Espruino's. */
class RecordedPin {
  readonly #name: string;
  readonly #note: Note;
  constructor(name: string, note: Note) {
    this.#name = name;
    this.#note = note;
  }
  toString(): string {
    return this.#name;
  }
  #as(way: PinWay): void {
    this.#note(this, way);
  }
  read(): number {
    this.#as("input");
    return 0;
  }
  analog(): number {
    this.#as("analog input");
    return 0.5;
  }
  mode(mode: unknown): void {
    this.#as(wayOfMode(mode));
  }
  write(): void {
    this.#as("output");
  }
  set(): void {
    this.#as("output");
  }
  reset(): void {
    this.#as("output");
  }
  toggle(): void {
    this.#as("output");
  }
  pulse(): void {
    this.#as("output");
  }
  getInfo(): object {
    return { port: "D", num: Number(this.#name.slice(1)) };
  }
}

function wayOfMode(mode: unknown): PinWay {
  if (mode === "analog") return "analog input";
  if (mode === "input_pullup") return "input with pull-up";
  return /^(output|opendrain|af_)/.test(`${mode}`) ? "output" : "input";
}

function pinFunctions(note: Note): { [name: string]: unknown } {
  const pinOf = (name: unknown) => (name instanceof RecordedPin ? name : new RecordedPin(String(name), note));
  const noting = (way: PinWay, answer: unknown) => (pins: unknown) => {
    for (const pin of Array.isArray(pins) ? pins : [pins]) note(pin, way);
    return answer;
  };
  const named: { [name: string]: unknown } = {};
  for (let i = 0; i < 50; i++) named[`D${i}`] = new RecordedPin(`D${i}`, note);
  for (const name of ["LED1", "BTN1"]) named[name] = new RecordedPin(name, note);
  let seconds = 0;
  return {
    ...named,
    // A function that returns an object does as a constructor.
    Pin: function Pin(name: unknown) {
      note(name, "named");
      return pinOf(name);
    },
    analogRead: noting("analog input", 0.5),
    analogWrite: noting("output", undefined),
    digitalRead: noting("input", 0),
    digitalWrite: noting("output", undefined),
    digitalPulse: noting("output", undefined),
    pinMode: (pin: unknown, mode: unknown) => note(pin, wayOfMode(mode)),
    // Espruino turns the pull-up of a watched pin on (targets/esp32/jshardware.c).
    setWatch(_callback: unknown, pin: unknown) {
      note(pin, "input with pull-up");
      return 1;
    },
    // Runs on, so that a loop that waits for a time comes to its end.
    getTime: () => (seconds += 0.01),
  };
}

/** What the pins of a bus do, by the names that its `setup` takes. */
const BUS_PINS: [name: string, way: PinWay][] = [
  ["sda", "I2C data"],
  ["scl", "I2C clock"],
  ["sck", "bus"],
  ["mosi", "bus"],
  ["miso", "bus input"],
  ["tx", "bus"],
  ["rx", "bus input"],
];

function buses(note: Note, anything: unknown): { [name: string]: unknown } {
  const openBus = (port?: string) => {
    const setup = (...settings: unknown[]) => {
      for (const some of settings) {
        if (typeof some !== "object" || some === null) continue;
        for (const [name, way] of BUS_PINS) note((some as { [name: string]: unknown })[name], way, port);
      }
    };
    return new Proxy({}, { get: (_, key) => (key === "setup" ? setup : anything) });
  };
  const made: { [name: string]: unknown } = {
    OneWire: function OneWire(pin: unknown) {
      note(pin, "1-Wire bus");
      return new Proxy({}, { get: () => anything });
    },
  };
  for (const kind of ["I2C", "SPI", "Serial"]) {
    made[kind] = function Bus() {
      return openBus();
    };
    for (const number of [1, 2, 3]) made[`${kind}${number}`] = openBus(`${kind}${number}`);
  }
  return made;
}
