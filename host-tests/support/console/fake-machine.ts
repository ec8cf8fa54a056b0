import { request as httpRequest } from "node:http";
import vm from "node:vm";
import { crc32 } from "node:zlib";
import { PARTITION_TABLE, partitionTable } from "../../../scripts/simulator/partitions.ts";
import { fakeBuses, type I2cTransfer, type Wiring } from "./fake-buses.ts";
import type { Machine } from "./fake-console.ts";
import { FakeStorage, PowerCut } from "./fake-storage.ts";

export interface MachineOptions {
  board?: string;
  version?: string;
  modules?: string;
  storageBytes?: number;
  /** Flash of the whole chip; default: 4 MB, blank, with the partition table of the IDF3 build. */
  flash?: Uint8Array;
  memory?: { free: number; total: number };
  /** Result of `ESP32.getState()`; default: room for TLS, as a build with ESP-IDF 4 has on an ESP32-C3. Null: no such object. */
  state?: { freeHeap: number; sdkVersion: string } | null;
  /** `process.memory().tx.largest_block`, since 2v30. */
  largestBlock?: number;
  /** Result of `Wifi.getStatus()`; default: not connected. */
  wifi?: { ssid: string; rssi: number };
  /** Result of `getSerial()`. Default: no such function. */
  serial?: string;
  /** Host names that resolve, with their addresses. */
  hosts?: Record<string, string>;
  /** Chips on its buses; default none. */
  wiring?: Wiring;
}

/** 4 MB of blank flash with a partition table. */
export function blankChip(): Uint8Array {
  const chip = new Uint8Array(4 * 1024 * 1024).fill(0xff);
  chip.set(partitionTable(), PARTITION_TABLE);
  return chip;
}

/**
 * The parts of an ESP32 under Espruino that the commands use: Storage, Flash, Wifi, http, process, E, OneWire, I2C, and the
 * program that `.bootcde` starts. Each boot runs the program as a plain script in a new context, with `require`, `print` and
 * `global`.
 * Names, arguments and results are those of Espruino 2v29's reference (espruino.com/Reference); Storage is `FakeStorage`.
 */
export class FakeMachine implements Machine {
  readonly version: string;
  readonly board: string;
  readonly storage: FakeStorage;
  readonly flash: Uint8Array;
  onPrint: (text: string) => void = () => {};
  /** Called at a restart that the program or the host asked for. */
  onRestart: () => void = () => {};
  /** `E.lockConsole` was called. */
  onLock: () => void = () => {};
  boots = 0;
  /** Lines printed since the last boot. */
  printed: string[] = [];
  /** All transfers on its I²C ports. */
  i2cTransfers: I2cTransfer[] = [];
  #options: MachineOptions;
  #context: vm.Context = vm.createContext({});
  #dead = false;

  constructor(options: MachineOptions = {}) {
    this.#options = options;
    this.version = options.version ?? "2v29.277";
    this.board = options.board ?? "ESP32";
    this.storage = new FakeStorage(options.storageBytes);
    this.flash = options.flash ?? blankChip();
  }

  /** Power-on or reset: `.bootcde` runs in a new context. */
  boot(): void {
    this.boots++;
    this.#dead = false;
    this.storage.cutAfter(Number.POSITIVE_INFINITY);
    this.printed = [];
    this.#context = vm.createContext(this.#globals());
    const code = this.storage.read(".bootcde");
    if (code === undefined) return;
    try {
      vm.runInContext(code, this.#context);
    } catch (error) {
      this.#print(`Uncaught ${String(error)}`);
    }
  }

  /** Stops at once, as without power. `boot` starts it again. */
  powerOff(): void {
    this.#dead = true;
    this.storage.cutAfter(0);
  }

  evaluate(code: string): unknown {
    if (this.#dead) throw new PowerCut();
    return vm.runInContext(code, this.#context);
  }

  writeStorage(name: string, data: string, offset: number, size: number): void {
    if (this.#dead) throw new PowerCut();
    this.storage.write(name, data, offset, size);
  }

  /** A new context without a program. */
  #forget(): void {
    this.#context = vm.createContext(this.#globals());
  }

  #print(text: string): void {
    this.printed.push(text);
    this.onPrint(text);
  }

  #globals(): Record<string, unknown> {
    const { storage, flash } = this;
    const { wifi, hosts = {}, state = { freeHeap: 70_000, sdkVersion: "v4.4.8" } } = this.#options;
    const print = (...values: unknown[]) => this.#print(values.map(String).join(" "));
    const bytesOf = (text: string) => Buffer.from(text, "latin1");
    const restart = () => {
      setImmediate(() => {
        this.onRestart();
        this.boot();
      });
    };
    const modules: Record<string, unknown> = {
      Storage: {
        read: (name: string, offset?: number, length?: number) => storage.read(name, offset, length),
        write: (name: string, text: string, offset?: number, size?: number) => storage.write(name, text, offset, size),
        readJSON: (name: string, quiet?: boolean) => {
          try {
            const text = storage.read(name);
            return text === undefined ? undefined : JSON.parse(bytesOf(text).toString("utf8"));
          } catch (error) {
            if (quiet) return undefined;
            throw error;
          }
        },
        erase: (name: string) => storage.erase(name),
        list: () => storage.list(),
        getStats: () => storage.stats(),
        compact: () => storage.compact(),
      },
      Flash: {
        read: (length: number, address: number) => flash.slice(address, address + length),
        write: (data: Uint8Array, address: number) => {
          for (let i = 0; i < data.length; i++) flash[address + i] &= data[i];
        },
        erasePage: (address: number) =>
          void flash.fill(0xff, address - (address % 4096), address - (address % 4096) + 4096),
        getPage: (address: number) =>
          address < flash.length ? { addr: address - (address % 4096), length: 4096 } : undefined,
      },
      Wifi: {
        getStatus: () => ({ station: wifi === undefined ? "off" : "connected", ...wifi }),
        getHostByName: (name: string, done: (address: string | undefined) => void) =>
          setImmediate(() => done(hosts[name])),
      },
      http: { request: espruinoRequest },
    };
    const globals: Record<string, unknown> = {
      require: (name: string) => {
        const isLeftOut = name === "Wifi" && !`,${this.#options.modules ?? name},`.includes(",Wifi,");
        if (modules[name] === undefined || isLeftOut) throw new Error(`Module ${name} not found`);
        return modules[name];
      },
      ...fakeBuses(this.#options.wiring ?? {}, this.i2cTransfers),
      print,
      console: { log: print },
      btoa: (text: string) => bytesOf(text).toString("base64"),
      atob: (text: string) => Buffer.from(text, "base64").toString("latin1"),
      load: restart,
      ...(this.#options.serial && { getSerial: () => this.#options.serial }),
      // Ends the program; the console keeps working.
      reset: () => setImmediate(() => this.#forget()),
      E: {
        CRC32: (data: string | Uint8Array) => crc32(typeof data === "string" ? bytesOf(data) : data),
        toString: (data: Uint8Array) => Buffer.from(data).toString("latin1"),
        toUint8Array: (text: string) => new Uint8Array(bytesOf(text)),
        reboot: restart,
        lockConsole: () => this.onLock(),
      },
      process: {
        version: this.version,
        env: {
          VERSION: this.version,
          BOARD: this.board,
          MODULES: this.#options.modules ?? "Flash,Storage,net,dgram,tls,http,Wifi,crypto",
          FLASH: flash.length,
        },
        memory: () => {
          const { free, total } = this.#options.memory ?? { free: 3400, total: 5886 };
          const { largestBlock } = this.#options;
          return { free, total, usage: total - free, ...(largestBlock && { tx: { largest_block: largestBlock } }) };
        },
      },
      ...(state && { ESP32: { getState: () => state } }),
    };
    globals.global = globals;
    return globals;
  }
}

/** `require("http").request` over a real socket. As in Espruino, the status is a string. */
function espruinoRequest(options: object, onResponse: (response: object) => void) {
  const request = httpRequest(options, (response) => {
    onResponse({
      statusCode: String(response.statusCode),
      headers: response.headers,
      on: (event: string, listener: (text: string) => void) =>
        response.on(event, (data: Buffer | undefined) => listener(data === undefined ? "" : data.toString("latin1"))),
    });
  });
  return request;
}
