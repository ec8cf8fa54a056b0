/**
 * Raw time: logged uptime in ms. It runs with the system clock while the program runs, continues at boot from the last raw
 * time found on flash, and leaves out every jump of the system clock. So it grows over all sessions, and a difference of two
 * raw times is never longer than the time that really passed (but for the crystal's error and steps too small to see).
 *
 * How a jump is found: `setTime()` moves the pending timers along (jswrap_interactive.c `jswrap_interactive_setTime` sets
 * `jsiLastIdleTime`; read), so a timer still fires after its real delay, and its lateness by the new clock is the jump.
 * The heartbeat compares every 5 s, `rawAtTimer` does so for any other timer, and every reading of the clock notices what is impossible.
 * When something other than `setTime()` moves the clock (`Wifi.setSNTP`), timers fire early: the jump is seen, but up to 5 s of raw time may never have passed.
 *
 * A jump is no gap: raw time continues over it, wrong by `STRAY_JUMP_MS` at most. Session numbers tell boots from jumps: a boot
 * starts at the next multiple of `BOOT_SESSIONS`, a jump adds 1. What may be a gap of unknown length counts as a boot: a jump
 * that may be a stall (`STALL_MS`), and a jump for which the boot has no number left.
 */
import type { Timers } from "../platform/ports.ts";

/** Ends what was started by the call that returned it. */
export type Stop = () => void;

export interface Clock {
  /** Number of the stretch in which raw time is continuous, see above; an unsigned 32-bit integer that grows. Read it after `rawMs()`, which may find a jump. */
  session(): number;
  /** Integer ms, never less than before. Outside a timer's callback a jump shorter than `HEARTBEAT_MS` may stay unseen until the next heartbeat. */
  rawMs(): number;
  /**
   * `rawMs()` for the start of a timer's callback, checked: the timer was set at `armedRawMs` to fire at `dueRawMs`.
   * Steps of up to `UNSEEN_JUMP_MS` stay unseen, larger ones do not. So this is the way to read the clock for dating samples.
   */
  rawAtTimer(armedRawMs: number, dueRawMs: number): number;
  /**
   * Runs a call that is known to block (DNS, connect, a TLS handshake): the lateness it causes is no jump.
   * A jump forwards inside it, or less than `HEARTBEAT_MS` before it, looks like blocking, up to the call's length. But nothing
   * that calls `setTime` runs inside it, as the console waits too. Calls may be nested. Throws what `fn` throws.
   */
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
 * A timer that is later than this shows a jump forwards, unless a `blocked` call explains it. A guess, above what the firmware
 * does unannounced: a flash erase takes 45 ms (400 at worst, W25Q32 datasheet 9.6), a piece of a batch some tens. UNVERIFIED on a board.
 * A false alarm costs a session, some bytes per datastream, and raw time as long as the lateness. It makes no time wrong.
 */
export const LATE_MS = 500;

/** Timers never fire early (jsinteractive.c; read) but for rounding: a timer earlier than this shows a jump backwards. */
export const EARLY_MS = 20;

/**
 * The largest step that looks like lateness, or hides behind it (up to LATE_MS of unannounced blocking just when the clock is
 * set back). Every bound of the time map includes one such step; more than one between two fixes is not provided for.
 */
export const UNSEEN_JUMP_MS = LATE_MS + EARLY_MS;

/**
 * How wrong raw time can be over a jump. Too large: a reading outside a timer's callback may have included the jump before the
 * heartbeat found it, and raw time never goes back. Too small: a reading that finds the jump continues from the reading before,
 * at most one heartbeat ago; a timer that finds it continues from when it was due, and may be late itself. Both hold as long as
 * nothing blocks unannounced for more than LATE_MS in the same heartbeat in which somebody sets the clock.
 */
export const STRAY_JUMP_MS = HEARTBEAT_MS + LATE_MS;

/**
 * A jump forwards by less than this may be a stall instead, that is real time that was not counted: something blocked
 * unannounced, or the heartbeat was lost. A longer stall is impossible: the watchdog's kick reads the clock every 10 s, and
 * without kicks the chip restarts after 5 min (main.ts).
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
  // The last blocking call, or several in quick succession.
  let blockStartRawMs = rawMs;
  let blockEndRawMs = rawMs;
  // The heartbeat must have come before the system clock shows this.
  let lateAfterMs = 0;
  let beatTimer = 0;
  let beatRawMs = 0;
  const watchers: ((session: number) => void)[] = [];
  let waiting: (() => void)[] = [];

  function armBeat(): void {
    beatRawMs = Math.floor(lastNowMs) + offsetMs;
    // Inside a blocked call it stays Infinity; the call's end works it out.
    if (lateAfterMs !== Infinity) lateAfterMs = lastNowMs + HEARTBEAT_MS + LATE_MS;
    beatTimer = timers.setTimeout(beat, HEARTBEAT_MS);
  }

  function jump(nowMs: number, atLeastRawMs: number): number {
    const rawMs = Math.max(Math.floor(lastNowMs) + offsetMs + 1, atLeastRawMs);
    const aheadMs = Math.floor(nowMs) + offsetMs - rawMs;
    offsetMs = rawMs - Math.floor(nowMs);
    lastNowMs = nowMs;
    startRawMs = rawMs;
    blockStartRawMs = rawMs;
    blockEndRawMs = rawMs;
    sessionNow = aheadMs > 0 && aheadMs < STALL_MS ? bootSession(sessionNow) : (sessionNow + 1) >>> 0;
    timers.clearTimeout(beatTimer);
    armBeat();
    const listeners = watchers.slice();
    for (let i = 0; i < listeners.length; i++) listeners[i](sessionNow);
    return rawMs;
  }

  function readRawMs(): number {
    const nowMs = timers.nowMs();
    // The real time since the last reading is unknown: raw time says only that this reading is later.
    if (nowMs < lastNowMs || nowMs > lateAfterMs) return jump(nowMs, 0);
    lastNowMs = nowMs;
    return Math.floor(nowMs) + offsetMs;
  }

  function rawAtTimer(armedRawMs: number, dueRawMs: number): number {
    // A timer that was set before the last jump says nothing about the time since.
    if (armedRawMs < startRawMs) return readRawMs();
    const nowMs = timers.nowMs();
    const rawMs = Math.floor(nowMs) + offsetMs;
    let expectedRawMs = dueRawMs;
    // Only blocking after the timer was due explains its lateness.
    if (blockEndRawMs > dueRawMs) expectedRawMs += blockEndRawMs - Math.max(dueRawMs, blockStartRawMs);
    // The timer's delay has really passed, so raw time continues from its end.
    if (nowMs < lastNowMs || rawMs > expectedRawMs + LATE_MS || rawMs < expectedRawMs - EARLY_MS) {
      return jump(nowMs, expectedRawMs);
    }
    lastNowMs = nowMs;
    return rawMs;
  }

  function beat(): void {
    const session = sessionNow;
    // No blocking call is under way here. When memory runs out, Espruino leaves such a call without its `finally`.
    if (lateAfterMs === Infinity) lateAfterMs = 0;
    rawAtTimer(beatRawMs, beatRawMs + HEARTBEAT_MS);
    // After a jump the next heartbeat is set already.
    if (sessionNow === session) armBeat();
    const confirmed = waiting;
    waiting = [];
    for (let i = 0; i < confirmed.length; i++) confirmed[i]();
  }

  armBeat();

  return {
    session() {
      return sessionNow;
    },
    rawMs: readRawMs,
    rawAtTimer,
    blocked(fn) {
      const startMs = readRawMs();
      const outerMs = lateAfterMs;
      if (outerMs !== Infinity && startMs > blockEndRawMs + LATE_MS) blockStartRawMs = startMs;
      lateAfterMs = Infinity;
      try {
        fn();
      } finally {
        blockEndRawMs = readRawMs();
        lateAfterMs = outerMs === Infinity ? Infinity : lastNowMs + HEARTBEAT_MS + LATE_MS;
      }
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
