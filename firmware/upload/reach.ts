/** Why a request did not get out, in the words of those who can do something about it. */

/** A refusal comes at once; on silence lwIP gives up after some 18 s. */
const SILENCE_MS = 4000;

/**
 * `why`: how the attempt ended, in Espruino's words. `connecting`: it threw while it connected (libs/network/socketserver.c); else
 * the connection was there and ended before anything had left, which over TLS is a refused handshake. Then the text begins with
 * "TLS". `waitedMs`: how long it took.
 */
export function unreachedText(server: string, why: string, connecting: boolean, waitedMs: number): string {
  if (!connecting) {
    return server.substr(0, 6) === "https:"
      ? "TLS handshake failed. Espruino's TLS is 1.2 with RSA or DHE-RSA key exchange, without SNI or certificate checks; other servers refuse it, and so may a proxy in Blynk's place"
      : why;
  }
  if (why.indexOf("locate host") >= 0) {
    return "the server's name can't be looked up: this network has no Internet, or its DNS does not answer";
  }
  if (why.indexOf("create socket") < 0) return why;
  return waitedMs < SILENCE_MS ? "the server refuses the connection" : "the server's address does not answer";
}
