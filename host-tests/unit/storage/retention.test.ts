/** Which fixes the ledger keeps: those that pending samples need. */
import { expect, it } from "vitest";
import { fixesRoomOf } from "../../../firmware/storage/ledger/capacity.ts";
import { expectAllDated, UnitLife } from "./fixed-life.ts";

it("dates each pending sample of a session that met a clock, in any life of cuts, fixes and deliveries", () => {
  expect(expectAllDated(Number(process.env.LEDGER_RUNS ?? 20))).toBeGreaterThan(30);
});

it("dates a night's samples on each of 200 mornings, with the list at its usual bound", () => {
  const life = new UnitLife(20);
  for (let day = 0; day < 200; day++) {
    life.run(60);
    life.fix(0.5);
    expect(life.undated()).toEqual([]);
    life.deliver(1);
    life.run(11 * 60);
    life.reboot(12 * 60);
    life.run(10);
    life.fix(-0.5);
    expect(life.undated()).toEqual([]);
    expect(life.ledger.fixes().length).toBeLessThanOrEqual(16);
  }
});

it("holds what the bank has room for when nothing is delivered, and says how many sessions lost their fix", () => {
  const life = new UnitLife(20);
  const room = fixesRoomOf(4096, 0);
  expect(room).toBeGreaterThan(100);
  for (let boot = 1; boot <= 300; boot++) {
    life.run(60);
    life.fix(0.5);
    life.run(60);
    life.fix(-0.5);
    expect(life.ledger.fixes().length).toBeLessThanOrEqual(room);
    // Two fixes each, until the list is full: then one each.
    if (boot <= room - 2) {
      expect(life.undated()).toEqual([]);
      expect(life.ledger.fixesLost()).toBe(0);
    }
    life.reboot(boot % 7 === 0 ? 600 : 15);
  }
  expect(life.ledger.fixesLost()).toBeGreaterThan(100);
  expect(life.ledger.fixesLost()).toBeLessThanOrEqual(300 - room + 2);
  life.deliver(1);
  life.run(10);
  life.fix(0);
  expect(life.ledger.fixes().length).toBeLessThanOrEqual(16);
  expect(life.ledger.fixesLost()).toBe(0);
});

it("keeps what teaches the crystal's rate, also when no sample needs it any more", () => {
  const life = new UnitLife(70);
  // A day in one boot, then many short ones.
  life.fix(0);
  life.run(24 * 60);
  life.fix(0);
  for (let boot = 0; boot < 60; boot++) {
    life.deliver(1);
    life.reboot(15);
    life.run(20);
    life.fix(0);
  }
  // Ten days on: at 100 ppm not known better, the bound would be 86 s.
  life.run(10 * 24 * 60);
  const now = life.map().now();
  expect(now?.boundMs).toBeLessThan(60000);
  expect(Math.abs((now?.trueMs ?? 0) - life.trueMs)).toBeLessThan(60000);
});
