/** `require("dgram")` on the simulated network. */
import type { Boot } from "../boot.ts";
import type { Network } from "../network/network.ts";
import type { Emitter, Emitters } from "./emitter.ts";

export interface Datagrams {
  module: Record<string, unknown>;
  /** Sends what sockets were given since the last pass: it leaves in the next pass, not before. */
  flush(): void;
}

export function createDatagrams(boot: Boot, network: Network, emitters: Emitters): Datagrams {
  let waiting: (() => void)[] = [];

  function createSocket(): Emitter {
    boot.check();
    let closed = false;
    const fire = (event: string, args: unknown[]) => boot.queue(emitters.handler(socket, event), socket, args);
    const socket = emitters.make({
      // Either (text, offset, length, port, address) or (text, port, address).
      send(buffer: string, ...rest: unknown[]) {
        boot.check();
        if (closed) throw new Error("This socket is closed");
        const long = typeof rest[2] === "number";
        const data = long ? buffer.slice(Number(rest[0]), Number(rest[0]) + Number(rest[1])) : buffer;
        const port = Number(long ? rest[2] : rest[0]);
        const host = String(long ? rest[3] : rest[1]);
        // A name that does not resolve gives 0.0.0.0: the datagram is lost without an error.
        if (!network.resolves(host, boot.block)) return;
        waiting.push(() =>
          network.datagram(data, host, port, (reply, address, from) => {
            if (closed || !boot.alive()) return;
            fire("message", [reply, { address, port: from, size: reply.length }]);
          }),
        );
        boot.wake();
      },
      close() {
        if (closed) return;
        closed = true;
        fire("close", [false]);
      },
    });
    return socket;
  }

  return {
    module: { createSocket },
    flush() {
      if (waiting.length === 0) return;
      const sending = waiting;
      waiting = [];
      for (const send of sending) send();
    },
  };
}
