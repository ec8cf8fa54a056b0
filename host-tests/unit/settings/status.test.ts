import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { composeStatus, type Logger, VERSION } from "../../../firmware/status.ts";

const CHIP = { memory: () => ({ free: 1500, total: 4000 }) };

function logger(over: Partial<Logger> = {}): Logger {
  let jumped = false;
  return {
    ledger: {
      pins: () => [1, 9],
      counters: () => ({
        delivered: 10,
        expired: 1,
        overwritten: 2,
        thinned: 3,
        undatable: 4,
        refused: 5,
        unrepresentable: 6,
        corrupt: 7,
      }),
      mistakes: () => ({ misdated: 8, duplicated: 9, fromTrueMs: 1, toTrueMs: 2 }),
      fixesLost: () => 0,
      cursor: () => 0,
    },
    ring: {
      pins: () => [2, 9],
      totals: (pin) => ({ sampled: 100 + pin, missed: 3, failed: 4, pending: 50 }),
      fill: () => ({ pages: 13, usedPages: 5, keptPages: 0, badPages: 0, mendedPages: 0, decayedPages: 0 }),
    },
    clock: {
      rawMs: () => {
        jumped = true;
        return 123456;
      },
      session: () => (jumped ? 8 : 7),
    },
    map: { now: () => ({ trueMs: 1785000000000, boundMs: 20 }) },
    sampler: { flashFailed: () => false, crowded: () => false },
    network: { up: () => true },
    quota: {
      pointsMax: 10000,
      requestsMax: 300,
      pointsLeft: () => 9000,
      requestsLeft: () => 290,
      pointsWithin: () => 0,
      waitMs: () => 0,
    },
    clearsMs: 0,
    verdict: 5,
    server: "https://fra1.blynk.cloud",
    timeFault: "",
    deliveryFault: "no usable token is set",
    streams: [
      { pin: 1, name: "temperature" },
      { pin: 2, name: "light" },
    ],
    plan: "2026",
    ...over,
  };
}

test("the firmware's version is the package's", () => {
  expect(VERSION).toBe(JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")).version);
});

test("the status is plain JSON of everything there is to know", () => {
  const status = composeStatus(CHIP, ["a fault"], logger());
  expect(JSON.parse(JSON.stringify(status))).toEqual(status);
  expect(status).toMatchObject({
    version: VERSION,
    session: 8,
    rawMs: 123456,
    time: { trueMs: 1785000000000, boundMs: 20 },
    ring: { pages: 13, usedPages: 5 },
    quota: { pointsLeft: 9000, requestsLeft: 290, pointsMax: 10000, plan: "2026" },
    backlogClearsMs: 0,
    verdict: 5,
    verdictText: "token refused or server says no",
    wifi: true,
    memory: { used: 2500, total: 4000 },
    faults: ["a fault", "no usable token is set"],
  });
  expect(status).not.toHaveProperty("deliveryFault");
});

test("the status names configured datastreams first, then pins that only flash still knows, each once", () => {
  const status = composeStatus(CHIP, [], logger());
  expect(status.streams.map((stream) => [stream.pin, stream.name, stream.sampled])).toEqual([
    ["v1", "temperature", 101],
    ["v2", "light", 102],
    ["v9", "", 109],
  ]);
  expect(status.streams[0]).toEqual({
    pin: "v1",
    name: "temperature",
    sampled: 101,
    delivered: 10,
    pending: 50,
    dropped: { expired: 1, overwritten: 2, thinned: 3, undatable: 4, refused: 5, unrepresentable: 6, corrupt: 7 },
    misdated: 8,
    duplicated: 9,
    missed: 3,
    failed: 4,
  });
});

test("the status tells a flash that takes no more", () => {
  const status = composeStatus(CHIP, [], logger({ sampler: { flashFailed: () => true, crowded: () => true } }));
  expect(status.faults).toContainEqual(expect.stringContaining("flash"));
});

test("a backlog that grows never clears", () => {
  expect(composeStatus(CHIP, [], logger({ clearsMs: Infinity })).backlogClearsMs).toBeNull();
});

test("a unit that can't log still has a status, with its faults", () => {
  const status = composeStatus(CHIP, ["region flash: no such partition"], undefined);
  expect(status).toMatchObject({
    time: null,
    streams: [],
    verdict: 8,
    verdictText: "flash fault",
    faults: ["region flash: no such partition"],
  });
});
