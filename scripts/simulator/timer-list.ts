/** The interpreter's timers, in the order in which they were set, as jsinteractive.c keeps them. */

export interface Timer {
  id: number;
  /** By the crystal, in ms. */
  dueTicks: number;
  /** Undefined for a timeout. */
  intervalMs: number | undefined;
  callback: (...args: unknown[]) => void;
  args: unknown[];
}

export interface TimerList {
  /** Returns the timer's id. An interval is repeated every `intervalMs`. */
  add(callback: Timer["callback"], dueTicks: number, intervalMs: number | undefined, args: unknown[]): number;
  find(id: number): Timer | undefined;
  remove(id: number): void;
  clear(): void;
  /** Every timer is due this much earlier. */
  move(earlierMs: number): void;
  /** Due time of the earliest timer in ticks; Infinity if there is none. */
  earliestTicks(): number;
  /**
   * Calls every timer that is due, each once: an interval that is late catches up by one call a pass. Timers that are
   * set meanwhile wait for the next pass.
   */
  run(nowTicks: number, call: (timer: Timer) => void): void;
}

export function createTimerList(): TimerList {
  const timers: Timer[] = [];
  let nextId = 1;

  /** Index of the first timer that was set after `id`. */
  function firstAfter(id: number): number {
    let i = 0;
    while (i < timers.length && timers[i].id <= id) i++;
    return i;
  }

  function removeAt(at: number): void {
    for (let i = at + 1; i < timers.length; i++) timers[i - 1] = timers[i];
    timers.pop();
  }

  return {
    add(callback, dueTicks, intervalMs, args) {
      const id = nextId++;
      timers.push({ id, dueTicks, intervalMs, callback, args });
      return id;
    },
    find: (id) => timers.find((timer) => timer.id === id),
    remove(id) {
      const at = timers.findIndex((timer) => timer.id === id);
      if (at >= 0) removeAt(at);
    },
    clear() {
      timers.length = 0;
    },
    move(earlierMs) {
      for (const timer of timers) timer.dueTicks -= earlierMs;
    },
    earliestTicks() {
      let due = Number.POSITIVE_INFINITY;
      for (let i = 0; i < timers.length; i++) if (timers[i].dueTicks < due) due = timers[i].dueTicks;
      return due;
    },
    run(nowTicks, call) {
      const limit = nextId;
      let i = 0;
      while (i < timers.length) {
        const timer = timers[i];
        if (timer.dueTicks > nowTicks || timer.id >= limit) {
          i++;
          continue;
        }
        if (timer.intervalMs === undefined) removeAt(i);
        call(timer);
        if (timer.intervalMs !== undefined) timer.dueTicks += timer.intervalMs;
        i = firstAfter(timer.id);
      }
    },
  };
}
