/** The fixes that pending samples need, when there are more than the ledger's bank has room for. */
import { expect, it } from "vitest";
import { UNSEEN_JUMP_MS } from "../../../firmware/clock/clock.ts";
import { HEADER_BYTES } from "../../../firmware/storage/format/page.ts";
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

it("keeps its pages whatever bit of their headers turned over, whatever the scrub looks at, and in a full ring", () => {
  const life = new StoredLife(20, 12, 1024);
  for (let boot = 1; boot <= 45; boot++) {
    life.fix(5);
    life.run(300);
    life.reboot(15);
  }
  expect(life.undated()).toEqual([]);
  const { flash } = life;
  const pages = Array.from({ length: 14 }, (_, page) => page * 1024).filter((at) => flash.bytes[at + 2] === 0x46);
  expect(pages.length).toBeGreaterThan(0);
  for (let bit = 0; bit < 8 * HEADER_BYTES; bit += 7) {
    for (const page of pages) flash.bytes[page + (bit >> 3)] ^= 1 << (bit & 7);
    life.boot();
    expect(life.undated(), `bit ${bit}`).toEqual([]);
    for (const page of pages) flash.bytes[page + (bit >> 3)] ^= 1 << (bit & 7);
  }
  // Two days of heartbeats.
  for (let i = 0; i < 18000; i++) life.storage.ring.scrub();
  expect(life.undated()).toEqual([]);
  // A full ring lets samples go for new ones, and no fix that is needed.
  while (life.storage.ledger.counters(PIN).overwritten === 0) life.run(500);
  expect(life.undated()).toEqual([]);
});

it("counts the same unseen step of the clock as the clock does", () => {
  expect(UNSEEN_MS).toBe(UNSEEN_JUMP_MS);
});
