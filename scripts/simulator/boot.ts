/**
 * One run of the interpreter, from boot to reset or power cut: timers, events and the idle loop, as in jsinteractive.c.
 * Everything the device does happens inside a pass of the idle loop.
 */
import type { Crystal } from "./crystal.ts";
import { PowerCut } from "./flash.ts";
import type { Prng } from "./prng.ts";
import { createTimerList, type Timer } from "./timer-list.ts";
import type { Timing } from "./timing.ts";
import type { World, WorldEvent } from "./world.ts";

type Callback = (...args: unknown[]) => unknown;

export interface BootOptions {
  /** Timers are late by 0 to twice this. */
  jitterMs: number;
  timing: Timing;
  prng: Prng;
  world: World;
  crystal: Crystal;
  onUncaught(error: unknown): void;
  /** Called after every callback that was not interrupted. */
  onCallbackEnd(): void;
}

export interface Boot {
  readonly world: World;
  readonly prng: Prng;
  readonly timing: Timing;
  alive(): boolean;
  /** Throws PowerCut when this boot is over. */
  check(): void;
  /** A native call takes this long; the world goes on meanwhile. */
  block(ms: number): void;
  ticks(): number;
  setTimer(callback: Timer["callback"], delayMs: number, repeat: boolean, args: unknown[]): number;
  changeTimer(id: number, intervalMs: number): void;
  clearTimer(id: number): void;
  clearAllTimers(): void;
  /** The system clock was moved underneath the interpreter, which counts its timers by it: they come this much earlier. */
  moveTimers(earlierMs: number): void;
  /** Queues a callback for the end of this pass of the idle loop (jsiQueueEvents). */
  queue(callback: unknown, self: unknown, args: unknown[]): void;
  /** Calls now, within a pass. Reports what it throws, as the interpreter does, and goes on. */
  call(callback: Callback, self: unknown, args: unknown[]): void;
  /** Something happened outside: asks for a pass now, or at `atMs`. */
  wake(atMs?: number): void;
  /** Called in every pass where jswIdle stands. Returns when it wants the next pass; Infinity if it has nothing to do. */
  onIdle(hook: () => number): void;
  onEnd(hook: () => void): void;
  /** Runs the program's top level. */
  run(program: () => void): void;
  /** Ends this boot; if its code is running, its next native call throws. */
  end(): void;
  /** Runs `look` outside the idle loop, to read globals; no time passes. */
  peek<T>(look: () => T): T;
}

/** Shortest delay of a timer, as jswrap_interactive.c has it. */
const DELAY_MS_MIN = 0.1;

export function createBoot(options: BootOptions): Boot {
  const { world, prng, crystal, jitterMs, timing } = options;
  const timers = createTimerList();
  const events: { callback: Callback; self: unknown; args: unknown[] }[] = [];
  const idleHooks: (() => number)[] = [];
  const endHooks: (() => void)[] = [];
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

  function call(callback: Callback, self: unknown, args: unknown[]): void {
    if (!alive) return;
    try {
      callback.apply(self, args);
    } catch (error) {
      if (!alive) return;
      if (!(error instanceof PowerCut)) options.onUncaught(error);
    }
    if (!alive) return;
    options.onCallbackEnd();
    world.pass(timing.callbackMs);
  }

  const callTimer = (timer: Timer) => call(timer.callback, undefined, timer.args);

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
    timers.run(ticks(), callTimer);
    let nextHook = Number.POSITIVE_INFINITY;
    for (let i = 0; i < idleHooks.length && alive; i++) nextHook = Math.min(nextHook, idleHooks[i]());
    if (events.length > 0) runEvents();
    running = false;
    if (alive) sleep(nextHook);
  }

  /** Plans the next pass: at once while there is work, else when a timer is due, a little late. */
  function sleep(nextHook: number): void {
    const now = world.nowMs();
    let at = Math.min(nextHook, wakeWanted);
    if (events.length > 0) at = now;
    const due = timers.earliestTicks();
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
    timing,
    alive: () => alive,
    check,
    block,
    ticks,
    setTimer(callback, delayMs, repeat, args) {
      check();
      const ms = !(delayMs >= DELAY_MS_MIN) ? DELAY_MS_MIN : delayMs;
      const id = timers.add(callback, ticks() + ms, repeat ? ms : undefined, args);
      if (!running) wake();
      return id;
    },
    changeTimer(id, intervalMs) {
      const timer = timers.find(id);
      if (!timer) return;
      timer.intervalMs = Math.max(DELAY_MS_MIN, intervalMs);
      timer.dueTicks = ticks() + timer.intervalMs;
    },
    clearTimer: timers.remove,
    clearAllTimers: timers.clear,
    moveTimers(earlierMs) {
      timers.move(earlierMs);
      wake();
    },
    queue(callback, self, args) {
      if (!alive || typeof callback !== "function") return;
      events.push({ callback: callback as Callback, self, args });
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
      timers.clear();
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
