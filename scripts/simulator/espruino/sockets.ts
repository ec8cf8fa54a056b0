/** `require("http")` and `require("dgram")` as libs/network/socketserver.c has them, on the simulated network. */
import type { Boot } from "../boot.ts";
import type { Network } from "../network/network.ts";
import { createDatagrams } from "./datagrams.ts";
import type { Emitters } from "./emitter.ts";
import {
  type Connection,
  createConnection,
  createHttpClient,
  type Request,
  type RequestOptions,
} from "./http-client.ts";

export interface Sockets {
  http: Record<string, unknown>;
  dgram: Record<string, unknown>;
  /** `global["\xFF"].HttpCC`: firmware closes a stuck request by setting `clsNow` on its entry. */
  open: Request[];
}

export interface SocketsOptions {
  boot: Boot;
  network: Network;
  emitters: Emitters;
  /** An error as the interpreter throws it. */
  internalError(text: string): Error;
  /** An error that no program can catch goes to the console. */
  reportUncaught(text: string): void;
  /** The pool is full. */
  outOfMemory(): void;
}

export function createSockets(options: SocketsOptions): Sockets {
  const { boot, network, emitters } = options;
  const open: Request[] = [];
  const connections = new Set<Connection>();
  const datagrams = createDatagrams(boot, network, emitters);
  const client = createHttpClient({
    boot,
    network,
    emitters,
    internalError: options.internalError,
    reportUncaught: options.reportUncaught,
    outOfMemory: options.outOfMemory,
    onClosed(connection) {
      connections.delete(connection);
      open.splice(open.indexOf(connection.request), 1);
    },
  });

  boot.onIdle(() => {
    let next = Number.POSITIVE_INFINITY;
    datagrams.flush();
    if (connections.size === 0) return next;
    for (const connection of [...connections]) next = Math.min(next, client.idle(connection));
    return next;
  });
  boot.onEnd(() => {
    for (const connection of connections) connection.link?.close();
    connections.clear();
  });

  function request(options: RequestOptions, callback: unknown): Request {
    boot.check();
    if (typeof options !== "object") throw new Error("Expecting Options to be an Object");
    const made = emitters.make({
      type: 2,
      res: emitters.make({}),
      opt: options,
      write(data: unknown) {
        client.write(connection, String(data));
        return false;
      },
      end(data?: unknown) {
        // An exception does not stop C code: the request is closed all the same.
        try {
          client.write(connection, data === undefined ? undefined : String(data));
        } finally {
          connection.request.cls = true;
        }
      },
    });
    const connection = createConnection(made as unknown as Request);
    if (callback !== undefined) made.on("connect", callback as () => void);
    connections.add(connection);
    open.push(connection.request);
    return connection.request;
  }

  return {
    open,
    http: {
      request,
      get: (options: RequestOptions, callback: unknown) => {
        const made = request({ ...options, method: "GET" }, callback);
        (made.end as () => void)();
        return made;
      },
    },
    dgram: datagrams.module,
  };
}
