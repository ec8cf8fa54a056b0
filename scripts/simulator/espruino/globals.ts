/** The globals of Espruino on an ESP32, beside the language itself. */
import type { Boot } from "../boot.ts";
import { createPluggedIn, type PluggedIn } from "../sensor-chips/plugged-in.ts";
import { MODULES } from "./built-in-modules.ts";
import type { Machine } from "./chip-machine.ts";
import type { Emitters } from "./emitter.ts";
import type { Pin, PinBank } from "./pin-bank.ts";
import type { Realm } from "./realm.ts";
import { parseUrl } from "./url.ts";

type Natives = Record<string, unknown>;

export interface GlobalsOptions {
  boot: Boot;
  machine: Machine;
  realm: Realm;
  emitters: Emitters;
  bank: PinBank;
  /** What `require` finds, by name. */
  modules: Natives;
  E: Natives;
}

/** Every global by its name. */
export function createGlobals(options: GlobalsOptions): Natives {
  const { boot, machine, realm, emitters, bank, modules, E } = options;
  const print = (...args: unknown[]) => machine.print(args.map((one) => shown(one, realm.JSON)).join(" "));
  return {
    global: realm.global,
    E: emitters.make(E),
    print,
    console: { log: print, debug: print, info: print, warn: print, error: print },
    process: emitters.make(processGlobal(machine)),
    require: (name: string) => {
      boot.check();
      if (modules[name] !== undefined && (MODULES.includes(name) || name === "ESP32")) return modules[name];
      throw new realm.Error(`Module "${name}" not found`);
    },
    getSerial: () => machine.serial,
    ...clockGlobals(boot, machine),
    ...timerGlobals(boot, realm),
    ...pinGlobals(bank, realm),
    ESP32: modules.ESP32,
    ...unusedGlobals(emitters, print),
    atob: (text: string) => Buffer.from(text, "base64").toString("latin1"),
    btoa: (text: string) => Buffer.from(text, "latin1").toString("base64"),
    url: { parse: parseUrl },
    ...chipGlobals(options),
    ...machine.extras,
  };
}

function processGlobal(machine: Machine): Natives {
  return {
    version: "2v29.277",
    env: {
      VERSION: "2v29.277",
      BOARD: "ESP32",
      FLASH: 4194304,
      SERIAL: machine.serial,
      CONSOLE: "Serial1",
      MODULES: MODULES.join(","),
    },
    // Made up: only the real interpreter has such figures.
    memory: () => ({ free: 3966, usage: 1920, total: 5886, history: 0, gc: 0, gctime: 1, blocksize: 16 }),
  };
}

function clockGlobals(boot: Boot, machine: Machine): Natives {
  return {
    getTime: () => {
      boot.check();
      return machine.systemMs() / 1000;
    },
    setTime: (seconds: number) => {
      boot.check();
      machine.setSystemMs(seconds * 1000);
    },
  };
}

function timerGlobals(boot: Boot, realm: Realm): Natives {
  const setTimer =
    (repeat: boolean) =>
    (callback: unknown, delayMs: number, ...args: unknown[]) => {
      if (typeof callback !== "function") throw new realm.Error("Function or String not supplied!");
      return boot.setTimer(callback as () => void, Number(delayMs), repeat, args);
    };
  const clearTimer =
    (name: string) =>
    (...args: unknown[]) => {
      boot.check();
      if (args.length === 0) return boot.clearAllTimers();
      if (args[0] === undefined) throw new realm.Error(`${name}(undefined) not allowed. Use ${name}() instead`);
      boot.clearTimer(args[0] as number);
    };
  return {
    setTimeout: setTimer(false),
    setInterval: setTimer(true),
    clearTimeout: clearTimer("clearTimeout"),
    clearInterval: clearTimer("clearInterval"),
    changeInterval: (id: number, ms: number) => boot.changeTimer(id, ms),
  };
}

function pinGlobals(bank: PinBank, realm: Realm): Natives {
  const pinOf = (pin: unknown): Pin => {
    const found = typeof pin === "object" ? pin : bank.pins[String(pin)];
    if (!found) throw new realm.Error("Invalid pin");
    return found as Pin;
  };
  // A function that returns an object does as a constructor, and gives the board's own pins.
  function PinConstructor(name: unknown) {
    return pinOf(name);
  }
  return {
    setWatch: bank.setWatch,
    clearWatch: bank.clearWatch,
    pinMode: (pin: unknown, mode: unknown) => bank.setMode(pinOf(pin), mode),
    getPinMode: () => "input",
    digitalRead: (pin: unknown) => bank.read(pinOf(pin)),
    digitalWrite: (pin: unknown, value: unknown) => bank.write(pinOf(pin), value ? 1 : 0),
    digitalPulse: (pin: unknown, value: unknown) => bank.write(pinOf(pin), value ? 0 : 1),
    analogRead: (pin: unknown) => bank.analog(pinOf(pin)),
    Pin: PinConstructor,
    HIGH: 1,
    LOW: 0,
    ...bank.pins,
  };
}

/** Buses, and the sensor chips that a device file may read over them. */
function chipGlobals({ boot, machine, bank }: GlobalsOptions): Natives {
  const { world } = boot;
  const chips = createPluggedIn(world.nowMs, (low, high) => low + (high - low) * machine.analog(36));
  bank.onRelease = (pin, lowMs) => {
    const beginMs = world.nowMs();
    for (const { level, atUs } of chips.dht22(pin).answer(lowMs)) {
      world.at(beginMs + atUs / 1000, () => bank.drive(pin, level));
    }
  };
  // Functions that return an object do as constructors.
  function OneWireConstructor() {
    return chips.oneWire();
  }
  function SpiConstructor() {
    return loadCell(chips.spi(), boot, bank);
  }
  return { OneWire: OneWireConstructor, SPI: SpiConstructor, I2C1: chips.i2c(), I2C2: chips.i2c() };
}

/** A HX711 on a software SPI port. Its data line, the port's `miso`, says when a value is there. */
function loadCell({ chip, send }: ReturnType<PluggedIn["spi"]>, boot: Boot, bank: PinBank): Natives {
  let data: Pin | undefined;
  const showLine = () => {
    if (data !== undefined) bank.drive(data.number, chip.level());
  };
  return {
    setup(options: { miso: Pin }) {
      data = options.miso;
      showLine();
      boot.world.at(boot.world.nowMs() + 400, showLine);
    },
    send(bytes: ArrayLike<number>) {
      const read = send(bytes);
      showLine();
      boot.world.at(boot.world.nowMs() + 100, showLine);
      return read;
    },
  };
}

/** Consoles and Bluetooth: they are there, and nothing is connected to them. */
function unusedGlobals(emitters: Emitters, print: (...args: unknown[]) => void): Natives {
  return {
    NRF: emitters.make({
      setServices: () => undefined,
      setAdvertising: () => undefined,
      setRSSIHandler: () => undefined,
      sleep: () => undefined,
      disconnect: () => undefined,
    }),
    Serial1: emitters.make({
      setup: () => undefined,
      write: print,
      print,
      println: print,
      setConsole: () => undefined,
    }),
    LoopbackA: emitters.make({ setConsole: () => undefined }),
  };
}

/** A value as `print` shows it. */
function shown(value: unknown, json: JSON): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null || typeof value === "number" || typeof value === "boolean")
    return String(value);
  if (typeof value === "function") return "function";
  if (value instanceof Error || Object.prototype.toString.call(value) === "[object Error]") return String(value);
  return json.stringify(value) ?? String(value);
}
