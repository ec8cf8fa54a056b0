/** The fixes that pending samples need, when there are more than the ledger's bank has room for. */
import { expect, it } from "vitest";
import { UNSEEN_JUMP_MS } from "../../../firmware/clock/clock.ts";
import { UNSEEN_MS } from "../../../firmware/storage/ledger/fixes.ts";
import { expectNoneLost, PIN, StoredLife } from "./stored-life.ts";

/** Flash reads that a look into the archive takes, at most. */
const READS_MAX = 25;

it.each([200, 500])("dates the samples of %d power-ons that met a clock, while the server takes nothing", (boots) => {
  const life = new StoredLife(20, 40);
  for (let boot = 1; boot <= boots; boot++) {
    life.fix(5);
    if (boot === 3) life.attempt(10);
    life.fix(-5);
    life.run(30);
    life.fix(5);
    life.run(20);
    life.fix(-5);
    life.reboot(boot % 7 === 0 ? 600 : 15);
    if (boot % 50 === 0) expect(life.undated()).toEqual([]);
  }
  const { ledger, ring } = life.storage;
  expect(ledger.fixesLost()).toBe(0);
  expect(ledger.fixes().length).toBeLessThan(115);
  const archive = life.archive();
  for (let rawMs = 0; rawMs < life.rawMs; rawMs += life.rawMs / 50) {
    const before = life.flash.counts.reads;
    expect(archive.around(rawMs).length).toBeGreaterThan(0);
    expect(life.flash.counts.reads - before).toBeLessThanOrEqual(READS_MAX);
  }
  // Once everything is sent, its pages are free.
  life.settle();
  life.deliver(100000);
  expect(ring.totals(PIN).pending).toBe(0);
  expect(ring.fill().usedPages).toBe(1);
});

it("loses no fix that is needed with room for six in a bank, in any life of cuts, fixes and deliveries", () => {
  expectNoneLost(1, false, 250, 6);
});

it("dates an open attempt alike while its fixes leave the bank, in any life of cuts, fixes and deliveries", () => {
  expectNoneLost(2, true, 500, 3);
});

it("dates samples by its archive when the ledger is lost, and gives out no id or session twice", () => {
  const life = new StoredLife(20, 12, 1024);
  for (let boot = 1; boot <= 30; boot++) {
    life.fix(5);
    life.run(30);
    life.reboot(15);
  }
  const lastId = life.archive().last()?.id ?? 0;
  expect(lastId).toBeGreaterThan(15);
  life.flash.bytes.fill(255, 0, 2 * 1024);
  life.boot();
  expect(life.session).toBeGreaterThan(30 * 8);
  life.fix(5);
  life.run(10);
  expect(life.storage.ledger.fixes().at(0).id).toBeGreaterThan(lastId);
  const times = life.times(0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  expect(times.length).toBe(91);
  // The fixes that were in the bank are gone.
  expect(times.filter((time) => typeof time === "number").length).toBeGreaterThanOrEqual(3 * 22);
});

it("counts the same unseen step of the clock as the clock does", () => {
  expect(UNSEEN_MS).toBe(UNSEEN_JUMP_MS);
});
