/**
 * What the firmware needs of a machine. The adapters beside this file are the only code that names Espruino.
 * Everything else gets these ports as arguments, so that it also runs under Node.
 */

/**
 * Raw NOR flash at absolute addresses. Writing only clears bits; neither write nor erase reports failure
 * (targets/esp32/jshardware.c).
 */
export interface Flash {
  read(bytes: number, address: number): Uint8Array;
  write(data: Uint8Array, address: number): void;
  erasePage(address: number): void;
}

/** A stretch of flash that nothing else uses (partitions.ts proves it), with what storage needs to work on it. */
export interface FlashRegion {
  flash: Flash;
  /** CRC-32 (IEEE, as E.CRC32) of the whole array. */
  crc32(bytes: Uint8Array): number;
  /** Absolute address of the first page. */
  address: number;
  pageBytes: number;
  pages: number;
}

export interface Timers {
  /** The system clock in ms, with fractions, without the steps that `setTime` moved it by. It jumps if it is moved otherwise. */
  nowMs(): number;
  setTimeout(callback: () => void, delayMs: number): number;
  clearTimeout(id: number): void;
}

export interface WifiRadio {
  /** Tries one network. `done("")` once it has an address, else once with the radio's own reason. */
  join(ssid: string, password: string, done: (failure: string) => void): void;
  /** Turns the radio off. */
  leave(): void;
  /** Called whenever an established connection is lost. One listener. */
  onLost(callback: (reason: string) => void): void;
}

export interface HttpRequestOptions {
  protocol: "http:" | "https:";
  host: string;
  port: number;
  path: string;
  method: "GET" | "POST";
  headers: { [name: string]: string | number };
}

/** Code of an error: the connection ended before anything had left, over TLS, so the other side refused the handshake. */
export const HANDSHAKE_REFUSED = -101;
/** Code of an error: the answer would have taken more memory than there is, so the connection was closed. */
export const ANSWER_TOO_LONG = -100;

/** Each is called at most once, except `drain` and `data`. None is called after `abort()`. */
export interface HttpHandlers {
  /** The socket has sent what was written: time to write the next piece. */
  drain(): void;
  /** `status` is NaN when the status line was garbage; header names are as the server wrote them. */
  response(status: number, headers: { [name: string]: string }): void;
  /** A piece of the answer's body. */
  data(text: string): void;
  /** The answer ended, perhaps cut short. */
  close(): void;
  /** The connection failed; `code` is Espruino's, `ANSWER_TOO_LONG` or `HANDSHAKE_REFUSED`. */
  error(code: number, message: string): void;
}

export interface HttpRequest {
  write(text: string): void;
  end(): void;
  /** Closes the socket now, also when the server never answers. */
  abort(): void;
}

export interface Http {
  /** True when this build can speak https. */
  tls: boolean;
  /**
   * Throws when the name does not resolve or the connection is refused, in words for people: in the first write or end. Blocks
   * while it connects.
   */
  request(options: HttpRequestOptions, handlers: HttpHandlers): HttpRequest;
}

export interface UdpSocket {
  send(bytes: Uint8Array, host: string, port: number): void;
  close(): void;
}

export interface Udp {
  open(onMessage: (bytes: Uint8Array) => void): UdpSocket;
}

export interface Pins {
  /** Calls back at every debounced change, with true when the button is pressed. */
  watchButton(pin: string, activeLow: boolean, onChange: (pressed: boolean) => void): void;
  write(pin: string, high: boolean): void;
}

/** A 1-Wire bus, of which the chip is the only master. */
export interface OneWire {
  /** False when no chip answered. */
  reset(): boolean;
  /** After a reset: addresses one chip by its ROM code, 16 hexadecimal digits. undefined addresses all. */
  select(rom: string | undefined): void;
  write(bytes: number[]): void;
  read(bytes: number): Uint8Array;
}

/** An I²C bus; addresses have 7 bits. Both throw when no chip acknowledges. */
export interface I2c {
  write(address: number, bytes: number[]): void;
  read(address: number, bytes: number): Uint8Array;
}

export interface Store {
  /** The parsed JSON file, or undefined when there is none or it is not JSON. */
  readJson(name: string): unknown;
  /**
   * Puts a small JSON file in the place of what the name held. A power cut may leave neither. Writes nothing where Storage would
   * have to be compacted first: a cut during that could take the program with it.
   */
  writeJson(name: string, value: unknown): void;
}

export interface Chip {
  /** Free and total JsVars. */
  memory(): { free: number; total: number };
  /** Uniform in [0, 1), seeded per device at start (Espruino's own sequence repeats at every boot). */
  random(): number;
  /** From now on the chip restarts when `kickWatchdog` is not called for `timeoutMs`. */
  startWatchdog(timeoutMs: number): void;
  kickWatchdog(): void;
}

export type Log = (level: "error" | "warn" | "info", text: string) => void;
