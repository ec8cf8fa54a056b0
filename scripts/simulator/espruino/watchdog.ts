/** E.enableWatchdog and E.kickWatchdog. */
import type { Boot } from "../boot.ts";

export interface Watchdog {
  /** With `auto` the idle loop kicks it, which a simulated loop always does: it never bites. */
  start(timeoutMs: number, auto: boolean): void;
  kick(): void;
}

/** `bite` is called when the program has not kicked for the timeout. */
export function createWatchdog(boot: Boot, bite: () => void): Watchdog {
  const { world } = boot;
  let timeoutMs = 0;
  let deadlineMs = Number.POSITIVE_INFINITY;

  function look(): void {
    if (!boot.alive() || timeoutMs === 0) return;
    if (world.nowMs() >= deadlineMs) bite();
    else world.at(deadlineMs, look);
  }

  return {
    start(ms, auto) {
      const first = timeoutMs === 0;
      timeoutMs = auto ? 0 : ms;
      deadlineMs = world.nowMs() + ms;
      if (!auto && first) world.at(deadlineMs, look);
    },
    kick() {
      deadlineMs = world.nowMs() + timeoutMs;
    },
  };
}
