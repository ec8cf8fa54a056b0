import { expect, test } from "vitest";
import type { Sensor } from "../../../firmware/device-types.ts";
import { inRange } from "../../../firmware/sensors/in-range.ts";
import { type Measure, shareReading } from "../../../firmware/sensors/shared-reading.ts";

type Answer = Parameters<Parameters<Measure<number>>[0]>;

/** A chip that answers when the test says so. */
function chip() {
  const asked: ((...answer: Answer) => void)[] = [];
  const make = shareReading<number>((done) => {
    asked.push(done);
  });
  return { asked, once: make((value) => value), twice: make((value) => inRange(2 * value, 0, 50)) };
}

function ask(sensor: Sensor): unknown[][] {
  const answers: unknown[][] = [];
  sensor((...answer) => answers.push(answer));
  return answers;
}

test("datastreams that are due together share one measurement", () => {
  const { asked, once, twice } = chip();
  const first = ask(once);
  const second = ask(twice);
  expect(asked).toHaveLength(1);
  asked[0](21);
  expect([first, second]).toEqual([[[21, undefined]], [[42, undefined]]]);
});

test("a quantity out of range fails alone, and says why", () => {
  const { asked, once, twice } = chip();
  const first = ask(once);
  const second = ask(twice);
  asked[0](30);
  expect(first).toEqual([[30, undefined]]);
  expect(second).toEqual([[Number.NaN, "Error: 60 is outside 0 to 50"]]);
});

test("all fail with the chip's reason", () => {
  const { asked, once, twice } = chip();
  const first = ask(once);
  const second = ask(twice);
  asked[0](undefined, "wrong checksum");
  expect([first, second]).toEqual([[[Number.NaN, "wrong checksum"]], [[Number.NaN, "wrong checksum"]]]);
});

test("a chip that can't even be asked is asked again at the next reading", () => {
  let tries = 0;
  const sensor = shareReading<number>((done) => {
    if (++tries === 1) throw new Error("no answer on the bus");
    done(5);
  })((value) => value);
  expect(ask(sensor)).toEqual([[Number.NaN, "Error: no answer on the bus"]]);
  expect(ask(sensor)).toEqual([[5, undefined]]);
});

test("a measurement that never ended is given up when one of its datastreams asks again, and its late answer is ignored", () => {
  const { asked, once, twice } = chip();
  const lost = ask(once);
  ask(twice);
  const first = ask(once);
  const second = ask(twice);
  expect(asked.length).toBeGreaterThan(1);
  asked[0](99);
  expect([lost, first, second]).toEqual([[], [], []]);
  asked[asked.length - 1](20);
  expect([first, second]).toEqual([[[20, undefined]], [[40, undefined]]]);
});
