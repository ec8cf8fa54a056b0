/** The tests' one kit of virtual time: timers on a clock that only the test moves. */
import type { Timers } from "../../firmware/platform/ports.ts";

export interface VirtualTimers extends Timers {
  /** Ms since the timers were made, by a crystal that nobody can set. */
  uptimeMs(): number;
  /** Sets the system clock forward by this, as `setTime()` does when nobody tells of it: pending timers keep their delay. */
  setClockOn(byMs: number): void;
  /** Moves the system clock underneath, as `Wifi.setSNTP` does: pending timers follow the clock, so they come earlier by this. */
  moveUnderneath(byMs: number): void;
  /** Lets time pass and calls all timers that are due within this time, in order. A callback may block beyond its end. */
  advance(ms: number): void;
  /** Lets time pass and calls no timer, as a blocking call inside a callback does. What is due is called late. */
  block(ms: number): void;
  /** How many timers are set. */
  pending(): number;
  /** Loses all timers, as in a power cut or when the memory is full. */
  dropAll(): void;
}

interface Entry {
  dueMs: number;
  id: number;
  /** Undefined for a timer that was cleared: it stays in the heap until it comes to the top. */
  callback: (() => void) | undefined;
}

/** The system clock starts at `startMs`. `latenessMs` is asked before each callback how late it is. */
export function createVirtualTimers(startMs = 1000, latenessMs: () => number = () => 0): VirtualTimers {
  let uptimeMs = 0;
  let offsetMs = startMs;
  let lastId = 0;
  // A heap, since a simulated week sets a million timers.
  let heap: Entry[] = [];
  let byId = new Map<number, Entry>();
  return {
    nowMs: () => uptimeMs + offsetMs,
    uptimeMs: () => uptimeMs,
    setTimeout(callback, delayMs) {
      const entry = { dueMs: uptimeMs + Math.max(0, delayMs), id: ++lastId, callback };
      byId.set(entry.id, entry);
      push(heap, entry);
      return entry.id;
    },
    clearTimeout(id) {
      const entry = byId.get(id);
      if (entry) entry.callback = undefined;
      byId.delete(id);
    },
    setClockOn(byMs) {
      offsetMs += byMs;
    },
    advance(ms) {
      const endMs = uptimeMs + ms;
      while (heap.length > 0 && heap[0].dueMs <= endMs) {
        const { id, dueMs, callback } = pop(heap);
        byId.delete(id);
        if (callback === undefined) continue;
        uptimeMs = Math.max(uptimeMs, dueMs + latenessMs());
        callback();
      }
      uptimeMs = Math.max(uptimeMs, endMs);
    },
    moveUnderneath(byMs) {
      offsetMs += byMs;
      // All move alike, so the heap stays one.
      for (const entry of heap) entry.dueMs -= byMs;
    },
    block(ms) {
      uptimeMs += ms;
    },
    pending: () => byId.size,
    dropAll() {
      heap = [];
      byId = new Map();
    },
  };
}

/** A machine to run the clock on: ten lines of ESP32. */
export interface VirtualMachine {
  timers: Timers;
  uptimeMs(): number;
  setClockOn(byMs: number): void;
  moveUnderneath(byMs: number): void;
  block(forMs: number): void;
  /** Calls all timers that are due within this time. */
  run(forMs: number): void;
  loseTimers(): void;
}

/** The same kit as a program sees it, and as its surroundings do. */
export function createVirtualMachine(latenessMs: () => number = () => 0, firstNowMs = 0): VirtualMachine {
  const timers = createVirtualTimers(firstNowMs, latenessMs);
  const { uptimeMs, setClockOn, moveUnderneath, block, advance, dropAll } = timers;
  return { timers, uptimeMs, setClockOn, moveUnderneath, block, run: advance, loseTimers: dropAll };
}

const before = (a: Entry, b: Entry): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.id < b.id);

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0 && before(entry, heap[(at - 1) >> 1])) {
    heap[at] = heap[(at - 1) >> 1];
    at = (at - 1) >> 1;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): Entry {
  const first = heap[0];
  const last = heap.pop() as Entry;
  if (heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
    if (!before(heap[child], last)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = last;
  return first;
}
