import type { Sensor } from "../device-types.ts";

/**
 * Any function that returns a number now, in the datastream's own unit: a value computed from others, a module of your own.
 *
 * Wiring and datasheet: yours. NaN, undefined or an exception makes the reading count as failed. What takes longer than some
 * milliseconds is better written as a `Sensor` itself, `(done) => …`, which calls `done` with the value when it is there:
 * everything else waits while a function runs.
 */
export function custom(read: () => number): Sensor {
  return (done) => {
    done(read());
  };
}
