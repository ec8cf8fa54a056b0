/** Espruino on an ESP32: its globals and modules in a node:vm context that has nothing else. */
import type { Boot } from "../boot.ts";
import { esp32, flashModule } from "./built-in-modules.ts";
import type { Machine } from "./chip-machine.ts";
import { createChance, createE } from "./e-library.ts";
import { createEmitters } from "./emitter.ts";
import { createGlobals } from "./globals.ts";
import { createPins, type PinBank } from "./pin-bank.ts";
import { createRealm, loadProgram } from "./realm.ts";
import { createSockets } from "./sockets.ts";
import { createStorage } from "./storage-module.ts";
import { createWifi, type WifiRadio } from "./wifi-module.ts";

export interface Interpreter {
  global: Record<string, unknown>;
  /** Runs a program at top level; `name` stands for it in stack traces. */
  run(code: string, name: string): void;
  wifi: WifiRadio;
  pins: PinBank;
}

/** Where the interpreter keeps its lists: `global["\xFF"]`. */
const HIDDEN_ROOT = String.fromCharCode(255);

export function createInterpreter(boot: Boot, machine: Machine): Interpreter {
  const chance = createChance();
  const realm = createRealm(chance.next, () => Math.floor(machine.systemMs()));
  const emitters = createEmitters(boot);
  const { script, network } = machine;
  const wifi = createWifi(boot, network, script, machine.accessPoints, emitters.make);
  const sockets = createSockets({
    boot,
    network,
    emitters,
    internalError: (text) => new realm.Error(text),
    reportUncaught: (text) => machine.print(`Uncaught InternalError: ${text}`),
    // "Out of memory inside an idle pass": timers are removed, and nothing kicks the watchdog any more (jsinteractive.c).
    outOfMemory() {
      machine.print("Execution Interrupted: out of memory");
      boot.clearAllTimers();
    },
  });
  const bank = createPins(boot, machine.levels, () => machine.systemMs() / 1000, machine.analog);
  bank.onWrite = machine.onLevel;
  const modules: Record<string, unknown> = {
    Flash: flashModule(boot, machine, realm.Uint8Array),
    Storage: createStorage(boot, machine.files, realm),
    Wifi: wifi.module,
    http: sockets.http,
    dgram: sockets.dgram,
    TelnetServer: { setOptions: () => undefined },
    ESP32: esp32(boot, machine),
    tls: {},
    net: {},
  };
  const E = createE(boot, machine, realm, chance);
  const natives = createGlobals({ boot, machine, realm, emitters, bank, modules, E });
  Object.assign(realm.global, natives);
  realm.global[HIDDEN_ROOT] = { HttpCC: sockets.open, timers: [], watches: [] };
  return {
    global: realm.global,
    wifi,
    pins: bank,
    run: (code, name) => boot.run(loadProgram(realm, natives, code, name)),
  };
}
