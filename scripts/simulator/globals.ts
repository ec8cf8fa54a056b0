/** The globals and modules of Espruino on an ESP32, in a node:vm context that has nothing else. */
import vm from "node:vm";
import { crc32 } from "node:zlib";
import type { Boot } from "./boot.ts";
import { LANGUAGE_GLOBALS, MEMBERS, PRUNE } from "./dialect.ts";
import { createEmitters } from "./emitter.ts";
import { bytesOf, esp32, FROM_STORAGE, flashModule, sensorModules } from "./modules.ts";
import type { Network } from "./network.ts";
import { createPins, type PinBank } from "./pins.ts";
import { createPrng } from "./prng.ts";
import type { Script } from "./script.ts";
import { createSockets } from "./sockets.ts";
import { createStorage } from "./storage.ts";
import { type AccessPoint, createWifi, type WifiRadio } from "./wifi.ts";

/** What outlives a boot, and what the machine around the interpreter does for it. */
export interface Machine {
  network: Network;
  script: Script;
  accessPoints: AccessPoint[];
  /** Files in Storage. */
  files: Map<string, string>;
  /** Electrical levels of the pins. */
  levels: number[];
  analog(pin: number): number;
  onPinWrite(pin: number, level: number): void;
  print(line: string): void;
  systemMs(): number;
  setSystemMs(ms: number): void;
  restart(why: string): void;
  flash: {
    read(bytes: number, address: number): Uint8Array;
    write(data: Uint8Array, address: number): void;
    erasePage(address: number): void;
    pageBytes: number;
  };
  /** More globals: what a generated device reads its sensors through. */
  extras: Record<string, unknown>;
  /** Names of the built-in modules, as `process.env.MODULES`. */
  modules: string;
  serial: string;
  /** E.srand has no effect: every unit draws the same numbers, as one would that does not seed. */
  sameChance: boolean;
}

/** Where the interpreter keeps its lists: `global["\xFF"]`. */
const HIDDEN_ROOT = String.fromCharCode(255);

export interface Interpreter {
  global: Record<string, unknown>;
  /** Runs a program at top level. */
  run(code: string, name: string): void;
  wifi: WifiRadio;
  pins: PinBank;
}

const MODULES = "timer,Flash,Storage,net,dgram,tls,http,NetworkJS,Wifi,TelnetServer,crypto,neopixel";
export const MODULES_WITH_TLS = MODULES;

export function createInterpreter(boot: Boot, machine: Machine): Interpreter {
  const context = vm.createContext(Object.create(null), { codeGeneration: { strings: true, wasm: false } });
  const global = vm.runInContext("globalThis", context) as Record<string, unknown>;
  const inside = vm.runInContext("({Uint8Array, Error, JSON, Object, Array})", context) as {
    Uint8Array: Uint8ArrayConstructor;
    Error: ErrorConstructor;
    JSON: JSON;
    Object: ObjectConstructor;
    Array: ArrayConstructor;
  };
  // The same sequence at every boot, of Math.random and E.hwRand alike, until E.srand: as seen in the Linux build.
  let random = createPrng(0x5eed);
  const prune = vm.runInContext(PRUNE, context) as (...args: unknown[]) => void;
  prune(
    LANGUAGE_GLOBALS,
    MEMBERS,
    () => random.next(),
    () => Math.floor(machine.systemMs()),
  );

  const emitters = createEmitters(boot);
  const internalError = (text: string) => new inside.Error(text);
  const { script, network } = machine;
  const wifi = createWifi(boot, network, script, machine.accessPoints, emitters.make);
  const sockets = createSockets(boot, network, emitters.make, emitters.handler, internalError);
  const seconds = () => machine.systemMs() / 1000;
  const pins = createPins(boot, machine.levels, seconds, machine.analog, machine.onPinWrite);
  const watchdog = createWatchdog(boot, () => machine.restart("watchdog"));

  const print = (...args: unknown[]) => machine.print(args.map((one) => shown(one, inside.JSON)).join(" "));
  const pinOf = (pin: unknown) => {
    const found = typeof pin === "object" ? pin : pins.pins[String(pin)];
    if (!found) throw new inside.Error("Invalid pin");
    return found as (typeof pins.pins)[string];
  };

  // Functions that return an object do as constructors, and give the board's own pins.
  function PinConstructor(name: unknown) {
    return pinOf(name);
  }
  function OneWireConstructor() {
    return { search: () => ["28ff000000000001"] };
  }

  const modules: Record<string, unknown> = {
    Flash: flashModule(boot, machine, inside.Uint8Array),
    Storage: createStorage(boot, machine.files, inside),
    Wifi: wifi.module,
    http: sockets.http,
    dgram: sockets.dgram,
    TelnetServer: { setOptions: () => undefined },
    ESP32: esp32(boot, machine),
    ...sensorModules(machine),
    tls: {},
    net: {},
  };
  const names = machine.modules.split(",");

  const E = emitters.make({
    CRC32: (data: Uint8Array | string | number[]) => crc32(bytesOf(data)),
    toString: (...parts: unknown[]) => parts.map((part) => binaryString(part)).join(""),
    toUint8Array: (...parts: unknown[]) =>
      new inside.Uint8Array(parts.length === 1 ? bytesOf(parts[0]) : parts.flatMap((part) => [...bytesOf(part)])),
    toArrayBuffer: (text: string) => new inside.Uint8Array([...bytesOf(text)]).buffer,
    sum: (values: ArrayLike<number>) => {
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += values[i];
      return sum;
    },
    srand: (seed: number) => {
      if (!machine.sameChance) random = createPrng(Math.abs(Math.floor(seed)));
    },
    hwRand: () => Math.floor(random.next() * 2147483648),
    enableWatchdog: (s: number, isAuto: unknown) => watchdog.start(s * 1000, isAuto !== false),
    kickWatchdog: () => watchdog.kick(),
    reboot: () => {
      machine.restart("E.reboot");
      boot.check();
    },
    setPassword: () => undefined,
    lockConsole: () => undefined,
    setConsole: () => undefined,
    getConsole: () => "Serial1",
    setTimeZone: () => undefined,
    getErrorFlags: () => [],
    getTemperature: () => Number.NaN,
    getAnalogVRef: () => 3.3,
    getSizeOf: () => 1,
    getFlags: () => ({}),
    setFlags: () => undefined,
    setBootCode: (code: string) => machine.files.set(".bootcde", code),
    clip: (v: number, low: number, high: number) => Math.min(Math.max(v, low), high),
    defrag: () => undefined,
  });

  const checkId = (id: unknown, name: string) => {
    if (id === undefined) throw new inside.Error(`${name}(undefined) not allowed. Use ${name}() instead`);
  };
  const setTimer =
    (repeat: boolean) =>
    (callback: unknown, delayMs: number, ...args: unknown[]) => {
      if (typeof callback !== "function") throw new inside.Error("Function or String not supplied!");
      return boot.setTimer(callback as () => void, Number(delayMs), repeat, args);
    };
  const clearTimer =
    (name: string) =>
    (...args: unknown[]) => {
      boot.check();
      if (args.length === 0) return boot.clearAllTimers();
      checkId(args[0], name);
      boot.clearTimer(args[0] as number);
    };

  const natives: Record<string, unknown> = {
    global,
    E,
    print,
    console: { log: print, debug: print, info: print, warn: print, error: print },
    process: emitters.make({
      version: "2v29.277",
      env: {
        VERSION: "2v29.277",
        BOARD: "ESP32",
        FLASH: 4194304,
        SERIAL: machine.serial,
        CONSOLE: "Serial1",
        MODULES: machine.modules,
      },
      // A stand-in for figures that only the real interpreter can give.
      memory: () => ({ free: 2180, usage: 3020, total: 5200, history: 0, gc: 0, gctime: 1, blocksize: 16 }),
    }),
    require: (name: string) => {
      boot.check();
      if (modules[name] !== undefined && (names.includes(name) || FROM_STORAGE.includes(name))) return modules[name];
      throw new inside.Error(`Module "${name}" not found`);
    },
    getTime: () => {
      boot.check();
      return machine.systemMs() / 1000;
    },
    setTime: (s: number) => {
      boot.check();
      machine.setSystemMs(s * 1000);
    },
    getSerial: () => machine.serial,
    setTimeout: setTimer(false),
    setInterval: setTimer(true),
    clearTimeout: clearTimer("clearTimeout"),
    clearInterval: clearTimer("clearInterval"),
    changeInterval: (id: number, ms: number) => boot.changeTimer(id, ms),
    setWatch: pins.setWatch,
    clearWatch: pins.clearWatch,
    pinMode: () => undefined,
    getPinMode: () => "input",
    digitalRead: (pin: unknown) => pins.read(pinOf(pin)),
    digitalWrite: (pin: unknown, value: unknown) => pins.write(pinOf(pin), value ? 1 : 0),
    digitalPulse: (pin: unknown, value: unknown) => pins.write(pinOf(pin), value ? 0 : 1),
    analogRead: (pin: unknown) => pins.analog(pinOf(pin)),
    Pin: PinConstructor,
    ESP32: modules.ESP32,
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
    atob: (text: string) => Buffer.from(text, "base64").toString("latin1"),
    btoa: (text: string) => Buffer.from(text, "latin1").toString("base64"),
    url: { parse: parseUrl },
    I2C1: { setup: () => undefined },
    OneWire: OneWireConstructor,
    LoopbackA: emitters.make({ setConsole: () => undefined }),
    HIGH: 1,
    LOW: 0,
    ...pins.pins,
    ...machine.extras,
  };
  for (const [name, value] of Object.entries(natives)) global[name] = value;
  global[HIDDEN_ROOT] = { HttpCC: sockets.open, timers: [], watches: [] };

  const parameters = [
    ...LANGUAGE_GLOBALS.filter((name) => name !== "undefined" && name !== "eval"),
    ...Object.keys(natives),
  ];
  const values = parameters.map((name) => (name in natives ? natives[name] : vm.runInContext(name, context)));

  return {
    global,
    wifi,
    pins,
    run(code, name) {
      // As parameters, the globals are plain variables: looking one up in a context's global object costs far more.
      const program = compiled(code, parameters, name).runInContext(context) as (...values: unknown[]) => void;
      boot.run(() => program.apply(global, values));
    },
  };
}

const scripts = new Map<string, vm.Script>();

/** Compiled once a process: boots by the thousand run the same program. */
function compiled(code: string, parameters: string[], name: string): vm.Script {
  const text = `(function (${parameters.join(",")}) {${code}\n})`;
  let script = scripts.get(text);
  if (!script) {
    // A test may run programs by the hundred.
    if (scripts.size > 50) scripts.clear();
    script = new vm.Script(text, { filename: name });
    scripts.set(text, script);
  }
  return script;
}

/** E.enableWatchdog: with `auto` the idle loop kicks, which in a simulation it always does. */
function createWatchdog(boot: Boot, bite: () => void): { start(ms: number, auto: boolean): void; kick(): void } {
  const { world } = boot;
  let timeoutMs = 0;
  let deadlineMs = Number.POSITIVE_INFINITY;
  function look(): void {
    if (!boot.alive() || timeoutMs === 0) return;
    if (world.nowMs() >= deadlineMs) bite();
    else world.at(deadlineMs, look);
  }
  return {
    start(ms, auto) {
      const first = timeoutMs === 0;
      timeoutMs = auto ? 0 : ms;
      deadlineMs = world.nowMs() + ms;
      if (!auto && first) world.at(deadlineMs, look);
    },
    kick() {
      deadlineMs = world.nowMs() + timeoutMs;
    },
  };
}

function binaryString(part: unknown): string {
  if (typeof part === "string") return part;
  return Buffer.from(bytesOf(part)).toString("latin1");
}

function shown(value: unknown, json: JSON): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null || typeof value === "number" || typeof value === "boolean")
    return String(value);
  if (typeof value === "function") return "function";
  if (value instanceof Error || Object.prototype.toString.call(value) === "[object Error]") return String(value);
  return json.stringify(value) ?? String(value);
}

/** url.parse of libs/network/jswrap_net.c, as far as requests need it. */
function parseUrl(text: string): Record<string, unknown> {
  const parts = /^(?:([a-z]+:)\/\/)?([^/:?]*)(?::(\d+))?(\/[^?]*)?(\?.*)?$/.exec(text);
  if (!parts) return {};
  const path = (parts[4] ?? "/") + (parts[5] ?? "");
  return {
    method: "GET",
    protocol: parts[1],
    host: parts[2],
    path,
    pathname: parts[4] ?? "/",
    search: parts[5] ?? null,
    port: parts[3] === undefined ? null : Number(parts[3]),
    query: parts[5]?.slice(1) ?? null,
  };
}
