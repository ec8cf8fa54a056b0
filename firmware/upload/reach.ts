/** Why a request did not get out, in the words of those who can do something about it. */

/** The kinds differ by time, too: a refusal comes at once, lwIP gives up on silence after some 18 s. */
const SILENCE_MS = 4000;

const TLS_LIMITS =
  "the TLS handshake failed. Espruino's TLS is 1.2 with RSA or DHE-RSA key exchange, without SNI or certificate checks; other servers refuse it, and so may a proxy in Blynk's place";

/**
 * `thrown`: what Espruino threw while it connected (libs/network/socketserver.c). `blockedMs`: how long that took.
 */
export function connectFailure(thrown: string, blockedMs: number): string {
  if (thrown.indexOf("locate host") >= 0) {
    return "the server's name can't be looked up: this network has no Internet, or its DNS does not answer";
  }
  if (thrown.indexOf("create socket") < 0) return thrown;
  return blockedMs < SILENCE_MS ? "the server refuses the connection" : "the server's address does not answer";
}

/** Whether a connection that ended before anything was sent shows that the other side refuses TLS. `why`: how it ended. */
export function handshakeFailure(server: string, why: string): string {
  return server.substr(0, 6) === "https:" ? TLS_LIMITS : why;
}
