/** `on`, `emit` and `removeListener`, which Espruino gives to every object. Listeners run at the end of the pass. */
import type { Boot } from "../boot.ts";

type Listener = (...args: unknown[]) => unknown;
export type Emitter = Record<string, unknown> & {
  on(event: string, listener: Listener): void;
  emit(event: string, ...args: unknown[]): void;
};

export interface Emitters {
  make(object: Record<string, unknown>): Emitter;
  /** A function that calls all listeners; undefined if there are none. */
  handler(object: object, event: string): Listener | undefined;
}

export function createEmitters(boot: Boot): Emitters {
  const listeners = new WeakMap<object, Map<string, Listener[]>>();

  function handler(object: object, event: string): Listener | undefined {
    const list = listeners.get(object)?.get(event);
    if (!list || list.length === 0) return undefined;
    if (list.length === 1) return list[0];
    const all = list.slice();
    return function (this: unknown, ...args: unknown[]) {
      for (const one of all) boot.call(one, this, args);
    };
  }

  return {
    handler,
    make(object) {
      const own = new Map<string, Listener[]>();
      listeners.set(object, own);
      const add = (event: string, listener: Listener) => {
        if (typeof listener !== "function") throw new Error("Function or String not supplied!");
        own.set(event, [...(own.get(event) ?? []), listener]);
      };
      const hidden: Record<string, unknown> = {
        on: add,
        addListener: add,
        emit: (event: string, ...args: unknown[]) => boot.queue(handler(object, event), object, args),
        removeListener: (event: string, listener: Listener) => {
          own.set(
            event,
            (own.get(event) ?? []).filter((one) => one !== listener),
          );
        },
        removeAllListeners: (event?: string) => (event === undefined ? own.clear() : own.delete(event)),
      };
      for (const [name, value] of Object.entries(hidden)) Object.defineProperty(object, name, { value });
      return object as Emitter;
    },
  };
}
