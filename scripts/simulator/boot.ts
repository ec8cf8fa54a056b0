/**
 * One run of the interpreter, from boot to reset or power cut: timers, events and the idle loop, as jsinteractive.c
 * has them. Everything the device does happens inside a pass of the idle loop.
 */
import type { Crystal } from "./crystal.ts";
import { PowerCut } from "./flash.ts";
import type { Prng } from "./prng.ts";
import type { World, WorldEvent } from "./world.ts";

/** How long things take on the device. UNVERIFIED on a board: the order of magnitude is what matters. */
export const TIMING = {
  /** One callback of a few dozen statements. */
  callbackMs: 1,
  /** One pass of the idle loop with a socket open, 536 bytes sent: gives some 100 kB/s. */
  socketPassMs: 5,
  /** W25Q32 datasheet: page program 0.4 ms typical; here a write of a few bytes. */
  flashWriteMs: 0.1,
  /** W25Q32 datasheet 9.6: 45 ms typical. */
  flashEraseMs: 45,
  flashReadMs: 0.02,
};

export interface Timer {
  id: number;
  dueTicks: number;
  intervalMs: number | undefined;
  callback: (...args: unknown[]) => void;
  args: unknown[];
}

export interface BootOptions {
  jitterMs: number;
  prng: Prng;
  world: World;
  crystal: Crystal;
  onUncaught(error: unknown): void;
  /** After every callback that ended by itself. */
  onCallbackEnd(): void;
}

export interface Boot {
  readonly world: World;
  readonly prng: Prng;
  alive(): boolean;
  /** Throws PowerCut when this boot is over. */
  check(): void;
  /** A native call takes so long; the world goes on meanwhile. */
  block(ms: number): void;
  ticks(): number;
  setTimer(callback: Timer["callback"], delayMs: number, repeat: boolean, args: unknown[]): number;
  changeTimer(id: number, intervalMs: number): void;
  clearTimer(id: number): void;
  clearAllTimers(): void;
  /** Queues a callback for the end of this pass of the idle loop (jsiQueueEvents). */
  queue(callback: unknown, self: unknown, args: unknown[]): void;
  /** Calls now, within a pass; reports what it throws, as the interpreter does, and goes on. */
  call(callback: (...args: unknown[]) => unknown, self: unknown, args: unknown[]): void;
  /** Something happened outside: have a pass at once, or at a time. */
  wake(atMs?: number): void;
  /** Called in every pass where jswIdle stands. Returns when the next pass is wanted, Infinity if nothing is going on. */
  onIdle(hook: () => number): void;
  onEnd(hook: () => void): void;
  /** Runs the program's top level. */
  run(program: () => void): void;
  /** Ends this boot; if its code is running, its next native call throws. */
  end(): void;
  /** Runs `look` outside the idle loop, for a peek at globals; no time passes. */
  peek<T>(look: () => T): T;
}

export function createBoot(options: BootOptions): Boot {
  const { world, prng, crystal, jitterMs } = options;
  const timers: Timer[] = [];
  const events: { callback: (...args: unknown[]) => unknown; self: unknown; args: unknown[] }[] = [];
  const idleHooks: (() => number)[] = [];
  const endHooks: (() => void)[] = [];
  let nextId = 1;
  let alive = true;
  let running = false;
  let peeking = false;
  let wakeWanted = Number.POSITIVE_INFINITY;
  let wakeEvent: WorldEvent | undefined;

  function check(): void {
    if (!alive) throw new PowerCut("power cut");
  }

  function block(ms: number): void {
    check();
    if (peeking) return;
    world.pass(ms);
    check();
  }

  const ticks = () => crystal.ticksAt(world.nowMs());

  function call(callback: (...args: unknown[]) => unknown, self: unknown, args: unknown[]): void {
    if (!alive) return;
    try {
      callback.apply(self, args);
    } catch (error) {
      if (!alive) return;
      if (!(error instanceof PowerCut)) options.onUncaught(error);
    }
    if (!alive) return;
    options.onCallbackEnd();
    world.pass(TIMING.callbackMs);
  }

  function runTimers(): void {
    const now = ticks();
    // In order of their making, each at most once a pass: an interval catches up one call per pass.
    let i = 0;
    const limit = nextId;
    while (i < timers.length && alive) {
      const timer = timers[i];
      if (timer.dueTicks > now || timer.id >= limit) {
        i++;
        continue;
      }
      if (timer.intervalMs === undefined) timers.splice(i, 1);
      call(timer.callback, undefined, timer.args);
      if (timer.intervalMs !== undefined) timer.dueTicks += timer.intervalMs;
      i = firstFrom(timer.id);
    }
  }

  function firstFrom(id: number): number {
    for (let i = 0; i < timers.length; i++) if (timers[i].id > id) return i;
    return timers.length;
  }

  function runEvents(): void {
    let count = events.length;
    while (count-- > 0 && alive) {
      const event = events.shift();
      if (event) call(event.callback, event.self, event.args);
    }
  }

  function pass(): void {
    if (!alive || running) return;
    running = true;
    wakeWanted = Number.POSITIVE_INFINITY;
    runTimers();
    let nextHook = Number.POSITIVE_INFINITY;
    for (const hook of idleHooks) if (alive) nextHook = Math.min(nextHook, hook());
    runEvents();
    running = false;
    if (alive) sleep(nextHook);
  }

  /** Decides when the next pass is: at once while there is work, else when a timer is due, late by a little. */
  function sleep(nextHook: number): void {
    const now = world.nowMs();
    let at = Math.min(nextHook, wakeWanted);
    if (events.length > 0) at = now;
    let due = Number.POSITIVE_INFINITY;
    for (const timer of timers) if (timer.dueTicks < due) due = timer.dueTicks;
    if (due < Number.POSITIVE_INFINITY) {
      const dueMs = Math.max(now, crystal.trueAt(due)) + 1e-6;
      // A loop that is busy with a socket serves its timers in the next pass.
      if (dueMs < at) at = Math.min(at, dueMs + (jitterMs > 0 ? prng.between(0, 2 * jitterMs) : 0));
    }
    if (at < Number.POSITIVE_INFINITY) scheduleAt(Math.max(at, now));
  }

  function scheduleAt(atMs: number): void {
    if (wakeEvent) world.cancel(wakeEvent);
    wakeEvent = world.at(atMs, pass);
  }

  function wake(atMs = world.nowMs()): void {
    if (!alive) return;
    if (running) {
      wakeWanted = Math.min(wakeWanted, atMs);
      return;
    }
    if (wakeEvent?.action !== undefined && wakeEvent.atMs <= atMs) return;
    scheduleAt(atMs);
  }

  return {
    world,
    prng,
    alive: () => alive,
    check,
    block,
    ticks,
    setTimer(callback, delayMs, repeat, args) {
      check();
      const ms = !(delayMs >= 0.1) ? 0.1 : delayMs;
      const id = nextId++;
      timers.push({ id, dueTicks: ticks() + ms, intervalMs: repeat ? ms : undefined, callback, args });
      if (!running) wake();
      return id;
    },
    changeTimer(id, intervalMs) {
      const timer = timers.find((one) => one.id === id);
      if (!timer) return;
      timer.intervalMs = Math.max(0.1, intervalMs);
      timer.dueTicks = ticks() + timer.intervalMs;
    },
    clearTimer(id) {
      const at = timers.findIndex((timer) => timer.id === id);
      if (at >= 0) timers.splice(at, 1);
    },
    clearAllTimers() {
      timers.length = 0;
    },
    queue(callback, self, args) {
      if (!alive || typeof callback !== "function") return;
      events.push({ callback: callback as (...args: unknown[]) => unknown, self, args });
      if (!running) wake();
    },
    call,
    wake,
    onIdle: (hook) => void idleHooks.push(hook),
    onEnd: (hook) => void endHooks.push(hook),
    run(program) {
      running = true;
      call(program, undefined, []);
      running = false;
      if (alive) wake();
    },
    end() {
      if (!alive) return;
      alive = false;
      if (wakeEvent) world.cancel(wakeEvent);
      timers.length = 0;
      events.length = 0;
      for (const hook of endHooks) hook();
    },
    peek(look) {
      peeking = true;
      try {
        return look();
      } finally {
        peeking = false;
      }
    },
  };
}
