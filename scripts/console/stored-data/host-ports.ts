import http from "node:http";
import https from "node:https";
import type { Http, HttpHandlers, HttpRequestOptions, Timers } from "../../../firmware/platform/ports.ts";
import { sayNetworkError } from "../../build/network-error.ts";

export interface HostTimers extends Timers {
  /** Clears all pending timers, so that none keeps the process alive. */
  stop(): void;
}

/** This computer's clock and timers, as the port that the firmware uses. */
export function hostTimers(): HostTimers {
  const pending = new Map<number, NodeJS.Timeout>();
  let lastId = 0;
  const drop = (id: number) => {
    clearTimeout(pending.get(id));
    pending.delete(id);
  };
  return {
    nowMs: () => Date.now(),
    setTimeout: (callback, delayMs) => {
      const id = ++lastId;
      const fire = () => {
        pending.delete(id);
        callback();
      };
      pending.set(id, setTimeout(fire, delayMs));
      return id;
    },
    clearTimeout: drop,
    stop: () => {
      for (const id of [...pending.keys()]) drop(id);
    },
  };
}

/** This computer's HTTP, as the port that the firmware uses. Unlike the device, it verifies certificates. */
export function hostHttp(): Http {
  return {
    tls: true,
    request(options: HttpRequestOptions, handlers: HttpHandlers) {
      let over = false;
      const unlessOver = (act: () => void) => {
        if (!over) act();
      };
      const { request } = options.protocol === "https:" ? https : http;
      const outgoing = request({ ...options, agent: false }, (response) => {
        unlessOver(() =>
          handlers.response(response.statusCode ?? Number.NaN, response.headers as Record<string, string>),
        );
        response.setEncoding("latin1");
        response.on("data", (text: string) => unlessOver(() => handlers.data(text)));
        response.on("close", () => {
          unlessOver(() => handlers.close());
          over = true;
        });
      });
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        unlessOver(() => handlers.error(error.errno ?? -1, sayNetworkError(error)));
        over = true;
      });
      return {
        // `drain` comes when the system has taken the text, which is after the connection is made.
        write: (text) => void outgoing.write(text, "latin1", (error) => unlessOver(() => error || handlers.drain())),
        end: () => void outgoing.end(),
        abort: () => {
          over = true;
          outgoing.destroy();
        },
      };
    },
  };
}
