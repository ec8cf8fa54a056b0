import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openTimeMap, presentTime } from "../../../firmware/clock/time-map.ts";
import { composeStatus, type Logger, VERSION } from "../../../firmware/status.ts";
import { createAccount } from "../../../firmware/storage/ledger/account.ts";
import type { Storage } from "../../../firmware/storage/ring/ring.ts";
import { openStorageWithBanks } from "../../../firmware/storage/whole-storage.ts";
import { openOverloadMemory } from "../../../firmware/upload/overload.ts";
import { pushFix } from "../../support/fixes.ts";
import { createRegion } from "../../support/region.ts";

const STREAMS = [2, 9].map((pin) => ({ pin, intervalMs: 60000, decimals: 1 }));
const CHIP = { memory: () => ({ free: 1500, total: 4000 }) };

const COUNTERS = [10, 1, 2, 3, 4, 5, 6, 7];
const RETIRED = { missed: 3, failed: 4 };

/** A storage that has samples of v2 and v9, and of v1 and v9 only what became of them. */
function stored(): Storage {
  const { data, ledger, ring } = openStorageWithBanks(createRegion(15).region, STREAMS, 1);
  ledger.boot(1, 0);
  ring.start(1);
  for (const { pin } of STREAMS) for (let i = 0; i < 50; i++) ring.append(pin, 1000 + i * 60000, i % 5);
  for (const pin of [1, 9]) {
    const account = { ...createAccount(), ...RETIRED, wrong: { fromTrueMs: 1, toTrueMs: 2 } };
    account.counts.set([...COUNTERS, 8, 9]);
    data.ledger.told.accounts[pin] = account;
  }
  return data;
}

function logger(over: Partial<Logger> = {}): Logger {
  let jumped = false;
  const storage = stored();
  const clock = {
    rawMs: () => {
      jumped = true;
      return 123456;
    },
    session: () => (jumped ? 8 : 7),
  };
  pushFix(storage.ledger, { id: 1, session: 8, rawMs: 123456, trueMs: 1785000000000, boundMs: 20 });
  return {
    storage,
    clock,
    map: openTimeMap(storage.ledger, clock, 300000),
    sampler: { flashFailed: () => false, crowded: () => false },
    network: { up: () => true },
    backlog: {
      quota: { ledger: storage.ledger, clock, pointsMax: 10000, requestsMax: 300 },
      memory: openOverloadMemory(),
      intervalsMs: [],
    },
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
  const logging = logger();
  const status = composeStatus(CHIP, ["a fault"], logging);
  expect(JSON.parse(JSON.stringify(status))).toEqual(status);
  expect(status).toMatchObject({
    version: VERSION,
    session: 8,
    rawMs: 123456,
    time: presentTime(logging.map),
    ring: { pages: 13, usedPages: 2 },
    quota: { pointsLeft: 10000, requestsLeft: 300, pointsMax: 10000, plan: "2026" },
    backlogClearsMs: 0,
    verdict: 5,
    verdictText: "token refused or server says no",
    wifi: true,
    memory: { used: 2500, total: 4000 },
    faults: ["a fault", "no usable token is set"],
  });
  expect(status.time?.trueMs).toBe(1785000000000);
  expect(status).not.toHaveProperty("deliveryFault");
});

test("the status names configured datastreams first, then pins that only flash still knows, each once", () => {
  const status = composeStatus(CHIP, [], logger());
  expect(status.streams.map((stream) => [stream.pin, stream.name, stream.sampled])).toEqual([
    ["v1", "temperature", 38],
    ["v2", "light", 50],
    ["v9", "", 50],
  ]);
  expect(status.streams[0]).toEqual({
    pin: "v1",
    name: "temperature",
    sampled: 38,
    delivered: 10,
    pending: 0,
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
  const growing = logger();
  growing.backlog.quota.pointsMax = 10;
  growing.backlog.intervalsMs = [1000];
  expect(composeStatus(CHIP, [], growing).backlogClearsMs).toBeNull();
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
