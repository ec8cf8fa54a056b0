import { openStorageWithBanks } from "../../firmware/storage/whole-storage.ts";
import type { Geometry, StorageCode, World } from "./world.ts";

export const FIRMWARE: StorageCode = { openStorageWithBanks };

/** The firmware's page geometry made tiny, so that every test wraps; one real one beside it. */
export const GEOMETRIES: { [name: string]: Geometry } = {
  tiny: { pageBytes: 256, bankPages: 4, ringPages: 9, pins: [1, 2, 3], intervalMs: 60000 },
  four: { pageBytes: 128, bankPages: 8, ringPages: 4, pins: [7], intervalMs: 60000 },
  linux: { pageBytes: 1024, bankPages: 1, ringPages: 7, pins: [1, 200], intervalMs: 60000 },
  /** Six fixes in the bank, six in a page. */
  flapping: { pageBytes: 256, bankPages: 4, ringPages: 12, pins: [7], intervalMs: 60000 },
};

/**
 * A life: several datastreams logged with jitter, gaps, failures and wild values; syncs that succeed, fail or stay
 * unknown; reboots. `step` does one thing of it. Deterministic from `random`.
 */
export class Life {
  readonly world: World;
  readonly random: () => number;
  private readonly values = new Map<number, number>();

  constructor(world: World, random: () => number) {
    this.world = world;
    this.random = random;
  }

  start(): void {
    this.world.mount();
    this.world.boot();
  }

  step(): void {
    const { world, random } = this;
    const dice = random();
    if (dice < 0.004) this.start();
    else if (dice < 0.01) this.sync();
    else if (dice < 0.012) this.expire();
    else this.sample();
    // Sometimes nothing is sampled for a while.
    if (dice > 0.995) world.rawMs += Math.floor(random() * 20) * world.geometry.intervalMs;
  }

  /** A life of many power-ons, each with a fix, while the server takes little: more fixes are needed than the bank holds. */
  flap(): void {
    const { world, random } = this;
    const dice = random();
    if (dice < 0.25) this.start();
    else if (dice < 0.5) world.fix();
    else if (dice < 0.51) this.sync();
    else this.sample();
  }

  private sample(): void {
    const { world, random } = this;
    const { pins, intervalMs } = world.geometry;
    // Slots are whole multiples of the interval; the last raw time of a pin is behind `world.rawMs`.
    const slotMs = Math.ceil((world.rawMs + 20) / intervalMs) * intervalMs;
    for (const pin of pins) {
      const rawMs = Math.max(world.rawMs + 1, slotMs + Math.round((random() - 0.5) * 10));
      const dice = random();
      let value = (this.values.get(pin) ?? 200) + Math.round((random() - 0.5) * (dice > 0.98 ? 400 : 3));
      if (dice > 0.998) value = Math.round(random() * 1e9);
      this.values.set(pin, value);
      if (dice < 0.01) world.fail(pin, rawMs);
      else world.append(pin, rawMs, dice < 0.015 ? Number.NaN : value);
    }
  }

  private sync(): void {
    const { world, random } = this;
    const { ledger, ring } = world;
    world.fix();
    for (const pin of world.geometry.pins) {
      const open = ledger.attempt(pin);
      const from = open ? open.from : ledger.cursor(pin);
      const to = open ? open.to : ring.end(pin, from, 1 + Math.floor(random() * 150));
      const points = ring.count(pin, from, to);
      if (points === 0) continue;
      const rawMs = world.rawMs;
      const fixed = { fixId: 1, thinEvery: 1, thinPhase: 0, afterTrueMs: 0, bodyBytes: points * 20 };
      ledger.recordAttempt({ pin, from, to, points, rawMs, ...fixed });
      const dice = random();
      if (dice < 0.6) {
        const thinned = Math.floor(points * random());
        const rest = { undatable: 0, unrepresentable: 0, corrupt: 0, lastTrueMs: 1.7e12 + rawMs };
        const counts = { delivered: points - thinned, thinned };
        world.count(pin, counts, () => ledger.settle(pin, rawMs, { ...counts, ...rest }));
      } else if (dice < 0.9) ledger.fail(pin, rawMs, dice < 0.75);
      else return;
    }
  }

  private expire(): void {
    const { world, random } = this;
    const { ledger, ring } = world;
    const pin = world.geometry.pins[Math.floor(random() * world.geometry.pins.length)];
    if (ledger.attempt(pin)) ledger.fail(pin, world.rawMs, false);
    const from = ledger.cursor(pin);
    const to = ring.end(pin, from, 1 + Math.floor(random() * 50));
    const expired = ring.count(pin, from, to);
    if (expired > 0) world.count(pin, { expired }, () => ledger.drop(pin, "expired", to, expired));
  }
}
