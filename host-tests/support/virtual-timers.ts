import type { Timers } from "../../firmware/platform/ports.ts";

/** Timers on a clock that only `advance` and `block` move. A blocked interpreter fires what is due late, in order. */
export interface VirtualTimers extends Timers {
  advance(ms: number): void;
  /** Time passes and no timer fires: call it from a callback. */
  block(ms: number): void;
  pending(): number;
}

export function createVirtualTimers(startMs = 1000): VirtualTimers {
  let nowMs = startMs;
  let lastId = 0;
  const queue: { id: number; dueMs: number; callback: () => void }[] = [];
  return {
    nowMs: () => nowMs,
    setTimeout: (callback, delayMs) => {
      queue.push({ id: ++lastId, dueMs: nowMs + delayMs, callback });
      queue.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
      return lastId;
    },
    clearTimeout: (id) => {
      const index = queue.findIndex((entry) => entry.id === id);
      if (index >= 0) queue.splice(index, 1);
    },
    advance: (ms) => {
      const endMs = nowMs + ms;
      while (queue.length > 0 && queue[0].dueMs <= Math.max(endMs, nowMs)) {
        const entry = queue.shift();
        if (entry === undefined) return;
        nowMs = Math.max(nowMs, entry.dueMs);
        entry.callback();
      }
      nowMs = Math.max(nowMs, endMs);
    },
    block: (ms) => {
      nowMs += ms;
    },
    pending: () => queue.length,
  };
}
