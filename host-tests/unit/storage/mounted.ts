import { expect } from "vitest";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import type { Position } from "../../../firmware/storage/format/position.ts";
import type { WholeRing } from "../../../firmware/storage/whole-storage.ts";
import { openStorageWithBanks } from "../../../firmware/storage/whole-storage.ts";

export interface Sample {
  session: number;
  rawMs: number;
  value: number;
}

export const STREAM = { pin: 1, intervalMs: 60000, decimals: 1 };

/** Everything between two positions of a pin, read run after run. */
export function readAll(
  ring: WholeRing,
  pin: number,
  from: Position,
  to: Position = Number.POSITIVE_INFINITY,
): Sample[] {
  const samples: Sample[] = [];
  let position = from;
  for (;;) {
    const run = ring.reader(pin, position, to);
    for (let n = run.next(); n > 0; n = run.next()) {
      expect(n).toBe(run.values.length);
      for (let i = 0; i < n; i++) samples.push({ session: run.session, rawMs: run.rawMs[i], value: run.values[i] });
    }
    if (run.position === position) return samples;
    position = run.position;
  }
}

/** Ledger and ring on a region with banks of one page, booted unless `boot` is false. */
export function mount(region: FlashRegion, streams = [STREAM], boot = true) {
  const { ledger, ring } = openStorageWithBanks(region, streams, 1);
  const session = ledger.session() + (boot ? 1 : 0);
  const rawMs = Math.max(ledger.lastRawMs(), ring.lastRawMs()) + 1;
  if (boot) ledger.boot(session, rawMs);
  ring.start(session);
  return { ledger, ring, session, rawMs };
}
