import type { Heap } from "./board-info.ts";

/**
 * Heap that one connection takes: two records of 16 kB and the session (libs/crypto/mbedtls/config.h). On an emulated
 * 2v27.45 (IDF3) 30.8 kB were too few, `mbedtls_ssl_setup: Not enough memory`; builds for https leave 70 kB
 * (boards/ESP32C3_IDF4.py). The figure between is UNVERIFIED.
 */
const TLS_BYTES = 36_000;
/** A record has to lie in one piece. */
const PIECE_BYTES = 17_000;
/** What joining takes: the emulated image had 40 kB before and 30.8 kB after. */
const JOIN_BYTES = 9_200;

/** Why TLS does not fit into a board's heap, in words, or "". */
export function tlsShortage(heap: Heap): string {
  const bytes = TLS_BYTES + (heap.isJoined ? 0 : JOIN_BYTES);
  const radio = heap.isJoined ? "with the radio joined" : "before the radio joins";
  if (heap.freeBytes < bytes) return `${heap.freeBytes} bytes of heap are free ${radio}, and https needs some ${bytes}`;
  if (heap.largestBytes === undefined || heap.largestBytes >= PIECE_BYTES) return "";
  return `the longest free piece of heap has ${heap.largestBytes} bytes, and https needs ${PIECE_BYTES} in one piece`;
}

/** The ways out, for a person. */
export const HTTPS_WAYS_OUT =
  "The distributed ESP32 build (ESP-IDF 3) has no room for https. Ways out: a proxy in your own network that takes http and passes it on by https (server.url: http://…, allowPlainHttp: true; see docs/flashing.md); or a build with more heap, if the pool of JsVars is large enough (HARDWARE.md, “Builds”). If the unit was sending just now, wait until it is done and repeat.";
