/** Seeded randomness: the same seed gives the same run, on any machine. */

export interface Prng {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Uniform among 0 … count − 1. */
  below(count: number): number;
  chance(probability: number): boolean;
  /** A separate sequence, so that more draws in one part of a simulation don't shift those in another. */
  fork(name: string): Prng;
}

/** sfc32 (Chris Doty-Humphrey's PractRand), seeded through a 32-bit mix of the seed and a name. */
export function createPrng(seed: number, name = ""): Prng {
  let a = mix(seed >>> 0, 0x9e3779b9);
  let b = mix(Math.floor(seed / 4294967296) >>> 0, 0x243f6a88);
  let c = 0xb7e15162;
  for (let i = 0; i < name.length; i++) c = mix(c, name.charCodeAt(i));
  let counter = 1;
  function next(): number {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  }
  for (let i = 0; i < 15; i++) next();
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    below: (count) => Math.floor(next() * count),
    chance: (probability) => next() < probability,
    fork: (part) => createPrng(seed, `${name}/${part}`),
  };
}

/** One round of a murmur3-like finalizer. */
function mix(state: number, value: number): number {
  let h = state ^ value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
