import { createChip } from "./chip.ts";
import { lockConsoles } from "./consoles.ts";
import { createFlash, pageBytesAt } from "./flash.ts";
import { createHttp } from "./http.ts";
import { provenRegion } from "./partitions.ts";
import { createPins } from "./pins.ts";
import type { Chip, FlashRegion, Http, Log, Pins, Store, Timers, Udp, WifiRadio } from "./ports.ts";
import { createStore } from "./store.ts";
import { createTimers } from "./timers.ts";
import { createUdp } from "./udp.ts";
import { createWifiRadio } from "./wifi.ts";

/** The chip that the firmware runs on, as ports. */
export interface Machine {
  timers: Timers;
  chip: Chip;
  pins: Pins;
  store: Store;
  wifi: WifiRadio;
  http: Http;
  udp: Udp;
  log: Log;
}

function hasModule(name: string): boolean {
  return (process as unknown as EspruinoProcess).env.MODULES.split(",").includes(name);
}

/** Espruino's modules as ports. This file and the adapters it calls are the only code that names them. */
export function createMachine(): Machine {
  // No locals: they would stay for ever with these functions. `env` takes 48 JsVars, its list of modules 45.
  return {
    timers: createTimers(),
    chip: createChip(),
    pins: createPins((process as unknown as EspruinoProcess).env.BOARD),
    store: createStore(require("Storage")),
    wifi: createWifiRadio(require("Wifi")),
    http: createHttp(require("http"), hasModule("tls")),
    udp: createUdp(require("dgram")),
    log(level, text) {
      console.log(`[${level}] ${text}`);
    },
  };
}

// These two are no methods: a function that only the start calls by its name is deleted afterwards (35 JsVars with what they
// call).

/** The region that the device file names, proven free, or the reason in words why it can't be had. */
export function openRegion(wanted: string | { address: number; bytes: number }): FlashRegion | string {
  const flash = createFlash(require("Flash"));
  return provenRegion(flash, E.CRC32, (address) => pageBytesAt(require("Flash"), address), wanted);
}

/** Turns off the wireless consoles that the device file does not name. Returns what is wrong, or "". */
export function lockWirelessConsoles(
  wanted: { telnet?: boolean; bluetooth?: boolean },
  password: string | undefined,
): string {
  return lockConsoles(
    wanted,
    password,
    hasModule("TelnetServer") ? require("TelnetServer") : undefined,
    typeof NRF === "undefined" ? undefined : NRF,
  );
}
