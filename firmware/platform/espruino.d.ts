/**
 * Espruino's own globals and modules, as the adapters use them: read in the source of 2v29.277 (commit c5ff787b1, files named
 * in HARDWARE.md). firmware/tsconfig.json adds @types/espruino, for the pins and buses that a device file may name (D34,
 * I2C1); that is generated from 1v95 and lacks or mistypes what matters here (`require` of Flash and dgram, E.CRC32,
 * statusCode, clsNow), and the adapters are also compiled under Node's types, where they are tested, without it.
 */

declare function getTime(): number;
/** In seconds since 1970; shifts the timers, so that they keep their delays. */
declare function setTime(seconds: number): void;
declare function setWatch(
  callback: (event: { state: boolean; time: number; lastTime: number }) => void,
  pin: Pin,
  options: { repeat: boolean; edge: "rising" | "falling" | "both"; debounce: number },
): number;
declare function clearWatch(id: number): void;
declare function pinMode(pin: Pin, mode?: string): void;
declare function digitalRead(pin: Pin): number;
declare function digitalWrite(pin: Pin, value: number): void;
declare function digitalPulse(pin: Pin, value: number, timeMs: number | number[]): void;
declare function analogRead(pin: Pin): number;
/** A pin by number, or by name in the board's own table: `new Pin("D0")`. */
declare var Pin: { new (name: string): Pin };
interface Pin {
  /** `negated` only since 2v29, and only when true. */
  getInfo(): { port: string; num: number; negated?: boolean } | undefined;
}

declare var E: {
  /** CRC-32 (IEEE), unsigned; takes no seed, so what is to be checked must be one array. */
  CRC32(data: Uint8Array | string): number;
  enableWatchdog(timeoutS: number, isAuto: boolean): void;
  kickWatchdog(): void;
  /** Restarts the chip. */
  reboot(): void;
  setPassword(password: string): void;
  lockConsole(): void;
  srand(seed: number): void;
  /** One byte a character. `E.toString(bytes)` makes a flat string, undefined when memory is too fragmented for one. */
  toString(bytes: Uint8Array): string | undefined;
  toUint8Array(text: string): Uint8Array;
  sum(values: ArrayLike<number>): number;
  getAnalogVRef?(): number;
};

/** Only on builds with Bluetooth. */
declare var NRF: EspruinoBluetooth | undefined;

interface EspruinoProcess {
  env: { VERSION: string; BOARD: string; MODULES: string; SERIAL: string };
  /** Runs a garbage collection unless told otherwise. */
  memory(gc?: boolean): { free: number; usage: number; total: number };
}

interface EspruinoFlash {
  read(bytes: number, address: number): Uint8Array;
  write(data: Uint8Array, address: number): void;
  erasePage(address: number): void;
  getPage(address: number): { addr: number; length: number } | undefined;
}

interface EspruinoStorage {
  read(name: string): string | undefined;
  readJSON(name: string, noExceptions: boolean): unknown;
  writeJSON(name: string, value: unknown): boolean;
  /** Bytes of the largest file that can be written without compaction. */
  getFree(): number;
}

interface EspruinoWifi {
  /** `done(null)` with an address, else the reason in words; three tries by itself. */
  connect(ssid: string, options: { password?: string }, done: (failure: string | null) => void): void;
  disconnect(done?: () => void): void;
  /** Ends the chip's own access point; a station stays as it is. */
  stopAP(done?: () => void): void;
  on(event: "connected", callback: (details: { ip: string }) => void): void;
  on(event: "disconnected", callback: (details: { ssid: string; reason: string; msg: string }) => void): void;
  getIP(): { ip: string; mac: string };
}

interface EspruinoResponse {
  /** A string, and whatever the server wrote there. */
  statusCode: string;
  headers: { [name: string]: string };
  on(event: "data", callback: (text: string) => void): void;
  on(event: "close", callback: (hadError: boolean) => void): void;
}

interface EspruinoRequest {
  write(text: string): void;
  end(): void;
  on(event: "drain", callback: () => void): void;
  on(event: "error", callback: (error: { code: number; message: string }) => void): void;
  /** Not in the documentation: the idle loop closes a connection that carries it (libs/network/socketserver.c). */
  clsNow?: boolean;
  /** Not in the documentation: what came and was not handed over yet, such as a head that is not whole. */
  dRcv?: string;
}

interface EspruinoHttp {
  request(
    options: {
      protocol: string;
      host: string;
      port: number;
      path: string;
      method: string;
      headers: { [name: string]: string | number };
    },
    onResponse: (response: EspruinoResponse) => void,
  ): EspruinoRequest;
}

interface EspruinoUdpSocket {
  send(data: string, from: number, bytes: number, port: number, host: string): void;
  close(): void;
  clsNow?: boolean;
  on(event: "message", callback: (data: string, from: { address: string; port: number }) => void): void;
  on(event: "error", callback: (error: { code: number; message: string }) => void): void;
}

interface EspruinoDgram {
  createSocket(type: "udp4"): EspruinoUdpSocket;
}

interface EspruinoTelnet {
  setOptions(options: { mode: "on" | "off" }): void;
}

interface EspruinoBluetooth {
  setServices(services: object, options: { uart: boolean }): void;
  sleep(): void;
}
