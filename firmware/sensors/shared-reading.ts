import type { Sensor } from "../device-types.ts";

/** Calls back once, with what the chip measured or with the reason why not. Throws when the chip can't even be asked. */
export type Measure<T> = (done: (answer: T | undefined, why?: string) => void) => void;

/**
 * One chip, several datastreams: those that are due together share one measurement. Returns the way to make a sensor of each
 * quantity. `pick` takes it out of the measurement, and throws if it is not there or can't be.
 */
export function shareReading<T>(measure: Measure<T>): (pick: (answer: T) => number) => Sensor {
  const quantities: { pick(answer: T): number; tell: Parameters<Sensor>[0] | undefined }[] = [];
  let measuring = false;
  let serial = 0;

  function start() {
    const mine = ++serial;

    function finish(answer: T | undefined, why?: string) {
      if (mine !== serial || !measuring) return;
      measuring = false;
      quantities.forEach((quantity) => {
        const tell = quantity.tell;
        if (tell === undefined) return;
        quantity.tell = undefined;
        let value = Number.NaN;
        let reason = why;
        try {
          if (answer !== undefined) value = quantity.pick(answer);
        } catch (error) {
          reason = `${error}`;
        }
        tell(value, reason);
      });
    }

    measuring = true;
    try {
      measure(finish);
    } catch (error) {
      finish(undefined, `${error}`);
    }
  }

  return (pick) => {
    const quantity = { pick, tell: undefined as Parameters<Sensor>[0] | undefined };
    quantities.push(quantity);
    return (done) => {
      // Asked again before the answer came: that measurement is lost.
      const isLost = quantity.tell !== undefined;
      quantity.tell = done;
      if (isLost || !measuring) start();
    };
  };
}
