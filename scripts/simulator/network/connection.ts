/** A TCP connection between the device and the server: segments with latency, lwIP's send buffer, silence and resets. */
import type { StandInRequest } from "../../blynk-stand-in/stand-in.ts";
import type { Prng } from "../prng.ts";
import type { HttpFault } from "../script.ts";
import type { World } from "../world.ts";
import type { PickFault } from "./http-faults.ts";
import type { HttpServer } from "./http-server.ts";
import type { OneWay } from "./latency.ts";
import type { RealConnection } from "./real-server.ts";
import { parseHead } from "./wire.ts";

/** The device's end of a TCP connection. */
export interface TcpLink {
  /** Returns how many characters were taken: 0 when the send buffer is full, −1 when the connection is gone. */
  send(data: string): number;
  /** Up to `max` characters; "" if there are none yet; undefined when the connection has ended. */
  receive(max: number): string | undefined;
  close(): void;
  /** Called when `receive` has news or `send` takes more. */
  onActivity: (() => void) | undefined;
  /** The TLS handshake failed: mbedtls' words. Nothing is ever sent or received. */
  refusal?: string;
}

export interface Connection extends TcpLink {
  /** The device has left the access point: packets vanish from now on. */
  lose(): void;
}

export interface ConnectionOptions {
  world: World;
  prng: Prng;
  oneWayMs: OneWay;
  pickFault: PickFault;
  server: HttpServer;
  /** To a real server, which takes the stand-in's place. */
  real?: RealConnection;
  host: string;
  onClose(link: Connection): void;
}

/** lwIP's default send buffer, TCP_SND_BUF of the ESP32 builds. */
const SEND_BUFFER_BYTES = 5744;
const SEGMENT_BYTES = 536;
/** A reset comes after this many bytes of the request, unless the fault says otherwise. */
const RESET_AFTER_BYTES = 2000;

/**
 * A connection whose TLS handshake the server refuses. It comes about all the same: Espruino shakes hands in the idle loop,
 * when the request is already written (libs/network/network.c, ssl_getSocketData), so that no call throws.
 */
export function createRefusedLink(): TcpLink {
  return {
    onActivity: undefined,
    refusal: "mbedtls_ssl_handshake returned -0x7780",
    send: () => -1,
    receive: () => undefined,
    close() {},
  };
}

export function createConnection(options: ConnectionOptions): Connection {
  const { world, prng, oneWayMs, pickFault, server, real } = options;
  let inFlight = 0;
  let lastUpMs = 0;
  let lastDownMs = 0;
  let received = "";
  let ended = false; // the other side's FIN or RST has arrived
  let closed = false;
  let silent = false; // packets vanish
  let served = false;
  let serverBytes = 0;
  const early = pickFault((kind) => kind === "reset", { host: options.host, pin: "", body: "" });
  const resetAfterBytes = early ? (early.afterBytes ?? RESET_AFTER_BYTES) : Number.POSITIVE_INFINITY;
  const request = createRequestReader();
  let fault: HttpFault | undefined;
  let picked = false;

  function end(): void {
    ended = true;
    link.onActivity?.();
  }

  /** Sends text to the device, then the end of the connection. `whole` is called when the device has got it. */
  function down(text: string, whole: () => void): void {
    lastDownMs = Math.max(lastDownMs, world.nowMs() + oneWayMs(false));
    world.at(lastDownMs, () => {
      if (silent || closed) return;
      received += text;
      ended = true;
      whole();
      link.onActivity?.();
    });
  }

  /** The same in parts, from a real server. */
  function downPiece(text: string): void {
    lastDownMs = Math.max(lastDownMs, world.nowMs() + oneWayMs(false));
    world.at(lastDownMs, () => {
      if (silent || closed) return;
      received += text;
      link.onActivity?.();
    });
  }

  function downEnd(): void {
    world.at(Math.max(lastDownMs, world.nowMs()), () => (silent ? undefined : end()));
  }

  /** A real server gets the request as it comes, once it is known that no fault of the script strikes it. */
  function pass(piece: string, to: RealConnection): boolean {
    const { head } = request;
    if (!picked && head !== undefined) {
      picked = true;
      fault = server.faultOf(head);
      if (fault === undefined) piece = request.soFar();
    }
    if (!picked || fault !== undefined) return fault === undefined;
    to.write(piece);
    return true;
  }

  /** A segment of the request reaches the server. */
  function arrive(piece: string): void {
    if (silent || served) return;
    serverBytes += piece.length;
    if (serverBytes > resetAfterBytes) {
      served = true;
      server.reset();
      world.at(world.nowMs() + oneWayMs(false), () => (silent ? undefined : end()));
      return;
    }
    const whole = request.add(piece);
    const passed = real !== undefined && pass(piece, real);
    if (whole === undefined) return;
    served = true;
    whole.arrivedMs = Math.floor(world.trueMs());
    if (real !== undefined && passed) {
      real.whole(whole, server.noteReal(whole));
      return;
    }
    if (!picked) fault = server.faultOf(whole);
    server.serve(whole, fault, { send: down, end });
  }

  const link: Connection = {
    onActivity: undefined,
    send(data) {
      if (ended || closed) return -1;
      const bytes = Math.min(SEND_BUFFER_BYTES - inFlight, SEGMENT_BYTES, data.length);
      if (bytes <= 0) return 0;
      const piece = data.slice(0, bytes);
      inFlight += bytes;
      const arriveMs = Math.max(lastUpMs, world.nowMs() + oneWayMs(true));
      lastUpMs = arriveMs;
      world.at(arriveMs, () => arrive(piece));
      world.at(arriveMs + oneWayMs(false), () => {
        if (silent) return;
        const wasFull = inFlight >= SEND_BUFFER_BYTES;
        inFlight -= bytes;
        if (wasFull) link.onActivity?.();
      });
      return bytes;
    },
    receive(max) {
      if (received.length > 0) {
        const piece = received.slice(0, max);
        received = received.slice(max);
        real?.consumed(piece.length);
        return piece;
      }
      return ended || closed ? undefined : "";
    },
    close() {
      closed = true;
      real?.close();
      options.onClose(link);
    },
    lose() {
      silent = true;
      real?.close();
      // lwIP aborts a connection only sometimes when its interface goes; else it hangs until a timeout.
      if (prng.chance(0.5)) world.at(world.nowMs() + prng.between(0, 3000), end);
    },
  };
  real?.listen({ data: downPiece, end: downEnd });
  return link;
}

/** Puts a request together from its segments; `add` returns it once it is whole. */
function createRequestReader(): {
  add(piece: string): StandInRequest | undefined;
  /** Its head, once that is whole. */
  readonly head: StandInRequest | undefined;
  /** All that came, as it came. */
  soFar(): string;
} {
  let headText = "";
  let request: StandInRequest | undefined;
  let bodyBytes = 0;
  let gotBytes = 0;
  const pieces: string[] = [];
  return {
    get head() {
      return request;
    },
    soFar: () => headText,
    add(piece) {
      let body = piece;
      if (request === undefined) {
        headText += piece;
        const headEnd = headText.indexOf("\r\n\r\n");
        if (headEnd < 0) return undefined;
        request = parseHead(headText.slice(0, headEnd));
        const length = Object.keys(request.headers).find((name) => name.toLowerCase() === "content-length");
        bodyBytes = length === undefined ? 0 : Number(request.headers[length]);
        body = headText.slice(headEnd + 4);
      }
      pieces.push(body);
      gotBytes += body.length;
      if (gotBytes < bodyBytes) return undefined;
      request.body = pieces.join("");
      return request;
    },
  };
}
