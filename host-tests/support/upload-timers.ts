/** Timers on virtual time that a power cut can clear. A heap, since a simulated week sets a million of them. */
import type { Timers } from "../../firmware/platform/ports.ts";

export interface VirtualTimers extends Timers {
  advance(ms: number): void;
  /** As at a power cut. */
  dropAll(): void;
}

interface Entry {
  dueMs: number;
  id: number;
  callback: (() => void) | undefined;
}

export function createVirtualTimers(startMs: number): VirtualTimers {
  let nowMs = startMs;
  let lastId = 0;
  let heap: Entry[] = [];
  let byId = new Map<number, Entry>();
  const before = (a: Entry, b: Entry): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.id < b.id);
  const sink = (start: number): void => {
    for (let at = start; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && before(heap[child], heap[least])) least = child;
      }
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least], heap[at]];
      at = least;
    }
  };
  return {
    nowMs: () => nowMs,
    setTimeout: (callback, delayMs) => {
      const entry = { dueMs: nowMs + Math.max(0, delayMs), id: ++lastId, callback };
      byId.set(entry.id, entry);
      let at = heap.push(entry) - 1;
      while (at > 0 && before(heap[at], heap[(at - 1) >> 1])) {
        const up = (at - 1) >> 1;
        [heap[at], heap[up]] = [heap[up], heap[at]];
        at = up;
      }
      return entry.id;
    },
    clearTimeout: (id) => {
      const entry = byId.get(id);
      if (entry) entry.callback = undefined;
      byId.delete(id);
    },
    advance: (ms) => {
      const endMs = nowMs + ms;
      while (heap.length > 0 && heap[0].dueMs <= endMs) {
        const entry = heap[0];
        const last = heap.pop() as Entry;
        if (heap.length > 0) {
          heap[0] = last;
          sink(0);
        }
        byId.delete(entry.id);
        nowMs = Math.max(nowMs, entry.dueMs);
        entry.callback?.();
      }
      nowMs = Math.max(nowMs, endMs);
    },
    dropAll: () => {
      heap = [];
      byId = new Map();
    },
  };
}
