/** How long a packet is on its way. */
import type { Prng } from "../prng.ts";
import type { Latency } from "../script.ts";
import type { World } from "../world.ts";

/** Draws the time in ms that the next packet takes, `up` for one from the device. */
export type OneWay = (up: boolean) => number;

export function createOneWay(world: World, prng: Prng, given: Latency | undefined): OneWay {
  const { minMs, maxMs, upExtraMs, asymmetric } = { minMs: 20, maxMs: 200, upExtraMs: 0, asymmetric: false, ...given };
  let baseMs = prng.between(minMs, maxMs);
  let baseUntilMs = 0;
  return (up) => {
    const extraMs = up ? upExtraMs : 0;
    if (asymmetric) return prng.between(minMs, maxMs) + extraMs;
    // The path keeps its length for about a second, so both ways of an exchange are alike. Then it may change.
    if (world.nowMs() >= baseUntilMs) {
      baseMs = prng.between(minMs, maxMs);
      baseUntilMs = world.nowMs() + prng.between(500, 2000);
    }
    return baseMs + prng.between(0, 5) + extraMs;
  };
}
