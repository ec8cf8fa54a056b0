/** A machine to run the clock on: a crystal, a system clock that can be set, timers, and calls that block. Ten lines of ESP32. */
import type { Timers } from "../../firmware/platform/ports.ts";

export interface VirtualMachine {
  timers: Timers;
  /** Ms by the crystal since the machine was made; the only thing that nobody can set. */
  uptimeMs(): number;
  /** Sets the system clock on by so much, as `setTime()` does: pending timers keep their delay. */
  setClockOn(byMs: number): void;
  /** Lets time pass inside a callback. */
  block(forMs: number): void;
  /** Runs all timers up to then. */
  run(forMs: number): void;
  /** Loses all pending timers, as running out of memory does. */
  loseTimers(): void;
}

/** `latenessMs` is asked before each timer's callback. */
export function createVirtualMachine(latenessMs: () => number = () => 0, firstNowMs = 0): VirtualMachine {
  let uptimeMs = 0;
  let offsetMs = firstNowMs;
  let nextId = 1;
  let pending: { id: number; dueMs: number; callback: () => void }[] = [];
  return {
    timers: {
      nowMs: () => uptimeMs + offsetMs,
      setTimeout(callback, delayMs) {
        const id = nextId++;
        pending.push({ id, dueMs: uptimeMs + delayMs, callback });
        pending.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
        return id;
      },
      clearTimeout(id) {
        pending = pending.filter((timer) => timer.id !== id);
      },
    },
    uptimeMs: () => uptimeMs,
    setClockOn(byMs) {
      offsetMs += byMs;
    },
    block(forMs) {
      uptimeMs += forMs;
    },
    run(forMs) {
      const untilMs = uptimeMs + forMs;
      for (let timer = pending[0]; timer && timer.dueMs <= untilMs; timer = pending[0]) {
        pending.shift();
        uptimeMs = Math.max(uptimeMs, timer.dueMs + latenessMs());
        timer.callback();
      }
      uptimeMs = Math.max(uptimeMs, untilMs);
    },
    loseTimers() {
      pending = [];
    },
  };
}
