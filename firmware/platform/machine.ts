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
  /** The region that the device file wants, proven free, or the reason in words why it can't be had. */
  region(wanted: string | { address: number; bytes: number }): FlashRegion | string;
  /** Turns off the wireless consoles that the device file doesn't want. Returns what is amiss, or "". */
  lockConsoles(wanted: { telnet?: boolean; bluetooth?: boolean }, password: string | undefined): string;
}

/** Espruino's modules as ports: with the adapters it calls, the only code that names them. */
export function createMachine(): Machine {
  const env = (process as unknown as EspruinoProcess).env;
  const flash: EspruinoFlash = require("Flash");
  const modules = env.MODULES.split(",");
  return {
    timers: createTimers(),
    chip: createChip(),
    pins: createPins(env.BOARD),
    store: createStore(require("Storage")),
    wifi: createWifiRadio(require("Wifi")),
    http: createHttp(require("http"), modules.includes("tls")),
    udp: createUdp(require("dgram")),
    log: (level, text) => console.log(`[${level}] ${text}`),
    region: (wanted) => provenRegion(createFlash(flash), E.CRC32, (address) => pageBytesAt(flash, address), wanted),
    lockConsoles: (wanted, password) =>
      lockConsoles(
        wanted,
        password,
        modules.includes("TelnetServer") ? require("TelnetServer") : undefined,
        typeof NRF === "undefined" ? undefined : NRF,
      ),
  };
}
