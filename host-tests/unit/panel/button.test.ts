import { expect, test } from "vitest";
import { startButton } from "../../../firmware/panel/button.ts";
import { createVirtualTimers } from "../../support/virtual-timers.ts";

function setUp() {
  const timers = createVirtualTimers();
  let change: (pressed: boolean) => void = () => undefined;
  let presses = 0;
  startButton(
    { watchButton: (_pin, _activeLow, onChange) => (change = onChange), write: () => undefined },
    timers,
    { pin: "D0", activeLow: true },
    () => presses++,
  );
  return { timers, change: (pressed: boolean) => change(pressed), presses: () => presses };
}

test("a short press counts when the button is released", () => {
  const { timers, change, presses } = setUp();
  change(true);
  timers.advance(300);
  expect(presses()).toBe(0);
  change(false);
  expect(presses()).toBe(1);
});

test("a press of two seconds is short, a longer one is a hold and does nothing", () => {
  const { timers, change, presses } = setUp();
  change(true);
  timers.advance(2000);
  change(false);
  expect(presses()).toBe(1);
  change(true);
  timers.advance(2001);
  change(false);
  timers.advance(10000);
  expect(presses()).toBe(1);
});

test("a button held since before the start, and a release told twice, do nothing", () => {
  const { change, presses } = setUp();
  change(false);
  change(true);
  change(false);
  change(false);
  expect(presses()).toBe(1);
});
