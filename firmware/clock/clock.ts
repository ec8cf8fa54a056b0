/**
 * Raw time: logged uptime in ms. It runs with the system clock while the program runs, continues at boot from the last raw
 * time found on flash, and leaves out every jump of the system clock. So it grows over all sessions, and a difference of two
 * raw times is never longer than the time that really passed (but for the crystal's error, and the last case below).
 *
 * The port's `nowMs` leaves out what `setTime` moved the clock by: it is told each step, so raw time goes on over it exactly.
 *
 * **Late is no jump.** What comes late by that clock was held up: by a slow flash, a long callback, DNS, a TLS handshake. Time
 * went on meanwhile, so raw time does too, in the same session. Nothing can hold it up for `STALL_MS`: the watchdog bites before.
 *
 * **Early, backwards, or later than any stall is a jump**: somebody moved the clock without `setTime`. A timer that fires
 * before it is due shows it, and so does every reading that is impossible. Raw time continues over it, wrong by
 * `STRAY_JUMP_MS` at most, in a new session. Session numbers tell boots from jumps: a boot starts at the next multiple of
 * `BOOT_SESSIONS`, a jump adds 1.
 * A boot that has no number left goes on with those of another boot.
 *
 * **What can't be seen**: `Wifi.setSNTP` moves the clock underneath the interpreter, which counts its timers by it
 * (jsinteractive.c `jsiIdle`: `timePassed`; read). A clock set forward by less than `STALL_MS` looks like a stall, and one
 * set back looks like nothing unless something reads the clock before it catches up. So the firmware never calls it
 * (HARDWARE.md).
 */
import type { Timers } from "../platform/ports.ts";

/** Ends what was started by the call that returned it. */
export type Stop = () => void;

export interface Clock {
  /**
   * Number of the stretch in which raw time is continuous, see above; an unsigned 32-bit integer that grows. Read it after
   * `rawMs()`, which may find a jump.
   */
  session(): number;
  /**
   * Integer ms, never less than before. Outside a timer's callback a jump back by less than `HEARTBEAT_MS` may stay unseen
   * until the next heartbeat.
   */
  rawMs(): number;
  /**
   * `rawMs()` for the start of a timer's callback, checked: the timer was set at `armedRawMs` to fire at `dueRawMs`.
   * Steps back of up to `UNSEEN_JUMP_MS` stay unseen, larger ones do not. So this is the way to read the clock for dating
   * samples.
   */
  rawAtTimer(armedRawMs: number, dueRawMs: number): number;
  /** Runs a call that is known to block (DNS, connect, a TLS handshake). Marks it, nothing more: a stall is no jump. */
  blocked(fn: () => void): void;
  /**
   * Calls back once it is certain whether there was a jump before `sinceRawMs`: at once, or at the next heartbeat. Code that used
   * `rawMs()` outside a timer's callback compares `session()` then.
   */
  confirm(sinceRawMs: number, done: () => void): void;
  /** Calls back with the new session at each jump, before the reading that found it returns. */
  watch(onJump: (session: number) => void): Stop;
}

export const HEARTBEAT_MS = 5000;

/**
 * How long something may block unannounced just when the clock is moved, without hiding it. A guess, above what the firmware
 * does on a board: a flash erase takes 45 ms (400 at worst, W25Q32 datasheet 9.6), a piece of a batch some tens. UNVERIFIED.
 * A heartbeat that is later than this is sought again, in case Espruino has lost it.
 */
export const LATE_MS = 500;

/** Timers never fire early (jsinteractive.c; read) but for rounding: a timer earlier than this shows a jump backwards. */
export const EARLY_MS = 20;

/** Each step of `setTime` is rounded to some 0.001 ms, so that the clock may seem to go back by as much. */
const ROUNDING_MS = 0.1;

/**
 * The largest step back that hides behind lateness (up to LATE_MS of blocking just when the clock is set back without `setTime`).
 * Every bound of the time map includes one such step; more than one between two fixes is not provided for.
 */
export const UNSEEN_JUMP_MS = LATE_MS + EARLY_MS;

/**
 * How wrong raw time can be over a jump, as real time that was not counted: a reading that finds the jump continues from the
 * reading before, at most one heartbeat ago; a timer that finds it continues from when it was due, and may be late itself. This
 * holds as long as nothing blocks for more than LATE_MS in the same heartbeat in which somebody moves the clock without
 * `setTime`.
 */
export const STRAY_JUMP_MS = HEARTBEAT_MS + LATE_MS;

/**
 * No stall lasts this long: the watchdog's kick reads the clock every 10 s, and without kicks the chip restarts after 5 min
 * (main.ts). Later than that is a jump forwards.
 */
export const STALL_MS = 600000;

/** Session numbers that a boot has: one for itself, seven for jumps. */
export const BOOT_SESSIONS = 8;

/** The session that a boot starts with, where `last` is the last session of the boot before. */
export function bootSession(last: number): number {
  return ((last | (BOOT_SESSIONS - 1)) + 1) >>> 0;
}

/** `session`: what `bootSession` gives. `rawMs`: where raw time continues, one more than any raw time on flash. */
export function createClock(timers: Timers, session: number, rawMs: number): Clock {
  let sessionNow = session;
  let startRawMs = rawMs;
  let lastNowMs = timers.nowMs();
  // An integer, so that no rounding can take raw time back by one.
  let offsetMs = rawMs - Math.floor(lastNowMs);
  // After this the heartbeat may be lost.
  let overdueMs = 0;
  let beatTimer = 0;
  let beatRawMs = 0;
  const watchers: ((session: number) => void)[] = [];
  let waiting: (() => void)[] = [];

  function armBeat(delayMs: number): void {
    overdueMs = lastNowMs + HEARTBEAT_MS + LATE_MS;
    beatTimer = timers.setTimeout(beat, delayMs);
  }

  function jump(nowMs: number, atLeastRawMs: number): number {
    const rawMs = Math.max(Math.floor(lastNowMs) + offsetMs + 1, atLeastRawMs);
    offsetMs = rawMs - Math.floor(nowMs);
    lastNowMs = nowMs;
    startRawMs = rawMs;
    beatRawMs = rawMs;
    sessionNow = (sessionNow + 1) >>> 0;
    timers.clearTimeout(beatTimer);
    armBeat(HEARTBEAT_MS);
    const listeners = watchers.slice();
    for (let i = 0; i < listeners.length; i++) listeners[i](sessionNow);
    return rawMs;
  }

  /** The raw time now; `dueRawMs` is when the timer was due whose callback asks, 0 for no timer. */
  function read(dueRawMs: number): number {
    const nowMs = timers.nowMs();
    // The timers came along with a clock that is moved forward, so that one is due says nothing.
    if (nowMs >= lastNowMs + STALL_MS) return jump(nowMs, 0);
    if (nowMs < lastNowMs - ROUNDING_MS || Math.floor(nowMs) + offsetMs < dueRawMs - EARLY_MS) {
      return jump(nowMs, dueRawMs);
    }
    if (nowMs > lastNowMs) lastNowMs = nowMs;
    if (nowMs > overdueMs) {
      timers.clearTimeout(beatTimer);
      armBeat(0);
    }
    return Math.floor(lastNowMs) + offsetMs;
  }

  function rawAtTimer(armedRawMs: number, dueRawMs: number): number {
    // A timer that was set before the last jump says nothing about the time since.
    return read(armedRawMs < startRawMs ? 0 : dueRawMs);
  }

  function beat(): void {
    const session = sessionNow;
    const rawMs = rawAtTimer(beatRawMs, beatRawMs + HEARTBEAT_MS);
    // After a jump the next heartbeat is set already.
    if (sessionNow === session) {
      beatRawMs = rawMs;
      timers.clearTimeout(beatTimer);
      armBeat(HEARTBEAT_MS);
    }
    const confirmed = waiting;
    waiting = [];
    for (let i = 0; i < confirmed.length; i++) confirmed[i]();
  }

  beatRawMs = rawMs;
  armBeat(HEARTBEAT_MS);

  return {
    session() {
      return sessionNow;
    },
    rawMs() {
      return read(0);
    },
    rawAtTimer,
    blocked(fn) {
      fn();
    },
    confirm(sinceRawMs, done) {
      if (beatRawMs >= sinceRawMs) done();
      else waiting.push(done);
    },
    watch(onJump) {
      watchers.push(onJump);
      return () => {
        watchers.splice(watchers.indexOf(onJump), 1);
      };
    },
  };
}
