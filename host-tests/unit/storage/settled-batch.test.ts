import { expect, test } from "vitest";
import { createRegion } from "../../support/region.ts";
import { mount, readAll } from "./mounted.ts";

test("settles a batch once and reads on from there", () => {
  const { region } = createRegion(12);
  const { ring, ledger } = mount(region);
  for (let i = 0; i < 3000; i++) ring.append(1, i * 60000, i);
  const to = ring.end(1, 0, 1000);
  expect(ring.count(1, 0, to)).toBe(1000);
  const attempt = { pin: 1, from: 0, to, points: 1000, bodyBytes: 9, rawMs: 1, fixId: 0, thinEvery: 1, thinPhase: 0 };
  ledger.recordAttempt({ ...attempt, afterTrueMs: 0 });
  ledger.settle(1, 2, { delivered: 1000, thinned: 0, undatable: 0, unrepresentable: 0, corrupt: 0, lastTrueMs: 5 });
  const again = mount(region);
  expect(again.ledger.cursor(1)).toBe(to);
  expect(again.ledger.counters(1).delivered).toBe(1000);
  expect(readAll(again.ring, 1, to)[0].value).toBe(1000);
  expect(again.ring.head(1)).toEqual({ position: to, session: 1, rawMs: 1000 * 60000 });
  expect(again.ring.totals(1).pending).toBe(2000);
});
