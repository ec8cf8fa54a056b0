import type { Sensor } from "../device-types.ts";

/**
 * Any function that returns a number now, in the datastream's own unit: a value computed from others, a module of your own.
 *
 * Wiring and datasheet are up to you. NaN, undefined or an exception counts as a failed reading. Write what takes longer than
 * some milliseconds as a `Sensor` itself, `(done) => …`, which calls `done` once the value is there: everything else waits
 * while a function runs.
 */
export function custom(read: () => number): Sensor {
  return (done) => {
    done(read());
  };
}
