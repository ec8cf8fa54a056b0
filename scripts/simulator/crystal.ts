/** The device's crystal: how many ms it counts while true time passes. */

export interface CrystalOptions {
  /** Constant error in parts per million; positive runs fast. */
  driftPpm?: number;
  /** Amplitude of an error that follows the day, as temperature does, in parts per million. */
  swingPpm?: number;
}

export interface Crystal {
  /** Ticks, in ms, at a true time in ms since the world began. Grows strictly. */
  ticksAt(trueMs: number): number;
  /** The true time at which the crystal will show these ticks. */
  trueAt(ticks: number): number;
}

const DAY_MS = 86_400_000;

export function createCrystal(options: CrystalOptions): Crystal {
  const rate = 1 + (options.driftPpm ?? 0) * 1e-6;
  const swing = (options.swingPpm ?? 0) * 1e-6;
  // The integral of swing × sin(2πt/day), so that ticks are exact however far apart they are asked for.
  const amplitudeMs = (swing * DAY_MS) / (2 * Math.PI);
  const swung = (trueMs: number) =>
    amplitudeMs === 0 ? 0 : amplitudeMs * (1 - Math.cos((2 * Math.PI * trueMs) / DAY_MS));
  // True time and ticks, since several callers ask at the same moment.
  const asked = new Float64Array(2);
  return {
    ticksAt(trueMs) {
      if (trueMs !== asked[0]) {
        asked[0] = trueMs;
        asked[1] = trueMs * rate + swung(trueMs);
      }
      return asked[1];
    },
    trueAt(shown) {
      let trueMs = shown / rate;
      // The swing is a few ppm, and each round shrinks the error by as much: from 0.3 s to less than 1e-7 ms.
      if (amplitudeMs !== 0) for (let i = 0; i < 2; i++) trueMs = (shown - swung(trueMs)) / rate;
      return trueMs;
    },
  };
}
