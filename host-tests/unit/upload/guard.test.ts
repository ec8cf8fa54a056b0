import { expect, it } from "vitest";
import { guardTimers } from "../../../firmware/upload/guard.ts";
import { createVirtualTimers } from "../../support/virtual-timers.ts";

it("hands what a callback throws to whoever can end what waits for it", () => {
  const timers = createVirtualTimers(0);
  const heard: string[] = [];
  let steps = 0;
  const guarded = guardTimers(
    timers,
    () => steps++,
    (error) => heard.push(String(error)),
  );
  guarded.setTimeout(() => {
    throw new Error("ledger: flash fault");
  }, 10);
  guarded.setTimeout(() => heard.push("fine"), 20);
  guarded.clearTimeout(guarded.setTimeout(() => heard.push("cleared"), 15));
  timers.advance(30);
  expect(heard).toEqual(["Error: ledger: flash fault", "fine"]);
  expect(steps).toBe(2);
});
