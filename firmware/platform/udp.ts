import type { Udp } from "./ports.ts";

/**
 * UDP over Espruino's `dgram`. `send` looks the name up and blocks meanwhile; a failed look-up is silent (the packet goes to
 * 0.0.0.0), so only a missing answer tells. A socket that failed throws from then on: open a new one for each exchange.
 */
export function createUdp(native: EspruinoDgram): Udp {
  return {
    open(onMessage) {
      const socket = native.createSocket("udp4");
      let closed = false;
      socket.on("message", (data) => {
        if (!closed) onMessage(E.toUint8Array(data));
      });
      return {
        send(bytes, host, port) {
          // Not E.toString: it needs one contiguous run of memory and gives undefined without.
          const data = String.fromCharCode.apply(null, bytes as unknown as number[]);
          socket.send(data, 0, bytes.length, port, host);
        },
        close() {
          closed = true;
          // `close` alone waits for what is unsent, for ever where there is no network.
          socket.clsNow = true;
        },
      };
    },
  };
}
