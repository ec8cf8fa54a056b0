import { expect, test } from "vitest";
import { FAIL_CAUSE, TROUBLES_AT } from "../../../firmware/storage/ledger/ledger.ts";
import { openWholeLedger } from "../../../firmware/storage/whole-storage.ts";
import { createRegion } from "../../support/region.ts";
import { ATTEMPT } from "./ledger-life.ts";

const PIN = ATTEMPT.pin;
const SENT = { delivered: 1, thinned: 0, undatable: 0, unrepresentable: 0, corrupt: 0, lastTrueMs: 5 };

type WholeLedger = ReturnType<typeof openWholeLedger>;

const troubles = (ledger: WholeLedger) => {
  const found = ledger.troubles(PIN);
  return Object.fromEntries(Object.entries(TROUBLES_AT).map(([name, at]) => [name, found[at]]));
};

test("counts tries and refusals of an open attempt over boots and compactions, until it is closed", () => {
  const { region } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  ledger.recordAttempt(ATTEMPT);
  ledger.fail(PIN, 10, true, FAIL_CAUSE.unknown);
  ledger.fail(PIN, 20, true, FAIL_CAUSE.busy);
  for (let i = 0; i < 3; i++) ledger.fail(PIN, 30 + i, true, FAIL_CAUSE.refused);
  const expected = { refusals: 0, tries: 2, busy: 1, replaysRefused: 3 };
  expect(troubles(ledger)).toEqual(expected);
  expect(troubles(openWholeLedger(region, 1))).toEqual(expected);
  // Many entries of another pin make compactions.
  for (let i = 1; i < 400; i++) ledger.retire(9, i, i);
  expect(troubles(openWholeLedger(region, 1))).toEqual(expected);
  ledger.recordAttempt({ ...ATTEMPT, rawMs: 50 });
  expect(troubles(ledger)).toEqual(expected);
  ledger.abandon(PIN, 60, 7, FAIL_CAUSE.refused);
  ledger.recordAttempt({ ...ATTEMPT, rawMs: 70 });
  expect(troubles(ledger)).toEqual({ refusals: 1, tries: 0, busy: 0, replaysRefused: 0 });
  expect(ledger.mistakes(PIN).duplicated).toBe(7);
});

test("counts refusals in a row until a batch is accepted, and no more than it keeps", () => {
  const { region } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  for (let i = 0; i < 40; i++) {
    ledger.recordAttempt({ ...ATTEMPT, rawMs: i });
    ledger.fail(PIN, i, false, FAIL_CAUSE.refused);
  }
  for (let i = 0; i < 300; i++) {
    if (i % 100 === 0) ledger.recordAttempt({ ...ATTEMPT, rawMs: 100 + i });
    ledger.fail(PIN, 100 + i, true, FAIL_CAUSE.busy);
  }
  expect(troubles(ledger)).toEqual({ refusals: 31, tries: 255, busy: 255, replaysRefused: 0 });
  for (let i = 1; i < 400; i++) ledger.retire(9, i, i);
  expect(troubles(openWholeLedger(region, 1))).toEqual({ refusals: 31, tries: 255, busy: 255, replaysRefused: 0 });
  ledger.settle(PIN, 900, SENT);
  expect(troubles(ledger).refusals).toBe(0);
});

test("takes back the points of a request that did not leave whole, but not the request, also after a boot", () => {
  const { region } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  ledger.recordAttempt({ ...ATTEMPT, points: 500, rawMs: 1 });
  ledger.fail(PIN, 2, true, FAIL_CAUSE.unknown);
  ledger.recordAttempt({ ...ATTEMPT, points: 500, rawMs: 3 });
  ledger.fail(PIN, 4, true, FAIL_CAUSE.cut);
  const expected = [
    { points: 500, requests: 1, open: false, rawMs: 2 },
    { points: 0, requests: 1, open: false, rawMs: 4 },
  ];
  expect(ledger.charges()).toMatchObject(expected);
  expect(openWholeLedger(region, 1).charges()).toMatchObject(expected);
});

test("takes back the points also where the server refused what it had not got whole, and counts the refusal", () => {
  const { region } = createRegion(4);
  const ledger = openWholeLedger(region, 1);
  ledger.recordAttempt({ ...ATTEMPT, points: 500, rawMs: 1 });
  ledger.fail(PIN, 2, false, FAIL_CAUSE.refused + FAIL_CAUSE.cut);
  for (const one of [ledger, openWholeLedger(region, 1)]) {
    expect(one.charges()).toMatchObject([{ points: 0, requests: 1, open: false, rawMs: 2 }]);
    expect(troubles(one)).toMatchObject({ refusals: 1, replaysRefused: 1 });
  }
});

test("charges whole what a power cut ended, as nobody knows how much of it left", () => {
  const { region } = createRegion(4);
  openWholeLedger(region, 1).recordAttempt({ ...ATTEMPT, points: 500, rawMs: 1 });
  const again = openWholeLedger(region, 1);
  again.boot(2, 9);
  expect(again.charges()).toMatchObject([{ points: 500, requests: 1, open: false, rawMs: 9 }]);
});
