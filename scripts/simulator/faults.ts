/** Everything that can go wrong around a simulated device, as a script writes it. */
import type { Duration, Window } from "./duration.ts";

/** How an HTTP exchange fails. "Stored" means that the server took the points. */
export type HttpFaultKind =
  | "refused" // the connection is refused: Espruino throws from the first write or end
  | "tls" // the TLS handshake fails: write and end return, then comes an error event
  | "status" // `status`, `body`, `headers` are answered; not stored unless `stored`
  | "empty" // stored, answered 200 with no body
  | "date" // the true answer, with its Date off by `dateOffset`
  | "html" // captive portal: 200 with a page and a Date, the server sees nothing
  | "redirect" // captive portal: 302 with a Date, the server sees nothing
  | "blank" // a proxy without settings: 200 with no body to everything, the server sees nothing
  | "moved" // 308 to the same path at the origin `moveTo`, from every other host; not stored
  | "flood" // something in between answers with `headBytes` of headers; not stored
  | "garbage" // no valid status line, from something in between; not stored
  | "continue" // `100 Continue` first, the real answer behind it; stored
  | "short" // stored, the answer's body breaks off
  | "reset" // the connection is reset after `afterBytes` of the request; not stored
  | "silent" // accepted, never answered; not stored unless `stored`
  | "late" // stored, answered after `delay`
  | "lost"; // stored, then the connection ends without an answer

export interface HttpFault extends Window {
  kind: HttpFaultKind;
  /** Share of the requests in the window, 0 to 1. Default 1. */
  share?: number;
  /** At most this many requests. */
  times?: number;
  /** Only requests for this pin, "v1". Never strikes as "refused", "tls" or "reset": those come before the pin is known. */
  pin?: string;
  /** Only requests whose body contains this text, such as a timestamp. Never strikes as "refused", "tls" or "reset". */
  bodyHas?: string;
  /** Only requests whose body has more bytes than this. Never strikes as "refused", "tls" or "reset". */
  bodyOver?: number;
  /** The `Date` of the answer is off by this, whoever answers: the server, or a portal ("html", "redirect"). */
  dateOffset?: Duration;
  /** Only requests to this host, "fra1.blynk.cloud". */
  host?: string;
  /** An origin, "https://fra1.blynk.cloud". */
  moveTo?: string;
  /** Default 1,000,000: more than the interpreter holds. */
  headBytes?: number;
  status?: number;
  body?: string;
  headers?: Record<string, string>;
  stored?: boolean;
  delay?: Duration;
  afterBytes?: number;
}

export type WifiFaultKind =
  | "gone" // no access point within reach
  | "wrong-password" // the access point refuses the password
  | "weak" // the signal is too weak for the handshake: it times out, whatever the password
  | "no-internet" // joined, but nothing beyond answers: DNS fails, packets vanish
  // The link that stands at `from`, else the first one that is made in the window, is dead: the unit stays associated and
  // keeps its address, but nothing passes until it leaves and joins again. One link for each fault.
  | "dead";

export interface WifiFault extends Window {
  kind: WifiFaultKind;
  /** Only this network; all if absent. */
  ssid?: string;
}

export type NtpFaultKind =
  | "blocked" // no answer comes
  | "late" // every answer comes `delay` later
  | "lies" // the server's clock is off by `offset`, by `smear`, or by both
  | "kiss" // kiss-of-death RATE, stratum 0
  | "unsynchronized" // leap alarm
  | "zero" // no alarm, but the receive and transmit timestamps are 0, which means that there are none
  | "stale"; // answers with another origin timestamp

export interface NtpFault extends Window {
  kind: NtpFaultKind;
  /** Index among the device's time servers, in the order in which it first asks them; all if absent. */
  server?: number;
  share?: number;
  delay?: Duration;
  offset?: Duration;
  /** Leap smear: the server's clock is right at `from`, goes wrong evenly over 24 h, and then stays wrong by this. */
  smear?: Duration;
}

export interface PowerFault {
  at: Duration;
  /** "cut": power is gone at once. "reset": the chip restarts, the system clock runs on. */
  kind: "cut" | "reset";
  /** Not at `at` itself, but once this many more bytes were programmed or pages erased: the last one is torn. */
  flashBytes?: number;
  /** Time without power. Default 5 s. */
  off?: Duration;
}

/** The system clock is set to true time plus `offset`, or to `to` (Unix ms). */
export interface ClockSetting {
  at: Duration;
  /**
   * "console" (default): somebody calls the interpreter's global `setTime`, as the IDE and EspruinoTools do; timers keep
   * their delays. "underneath": something outside the interpreter sets the clock, as `Wifi.setSNTP` does; timers follow the
   * clock.
   */
  kind?: "console" | "underneath";
  offset?: Duration;
  to?: number;
}

/**
 * Harm to the flash of the region. `page` counts from the region's first page. A flip turns one bit over: `bit` 0 to 7 of the
 * byte at `address` (absolute), or `bit` of a page, counted from its first byte on. A blanked page reads 0xFF.
 */
export type FlashHarm =
  | { at: Duration; kind: "flip"; address: number; bit: number }
  | { at: Duration; kind: "flip"; page: number; bit: number }
  | { at: Duration; kind: "blank"; page: number };

export interface SensorFault extends Window {
  /** "hang": never calls back. "nan": reading failed. "throw": throws. */
  kind: "hang" | "nan" | "throw";
  /** Only this datastream, "v1". */
  pin?: string;
}
