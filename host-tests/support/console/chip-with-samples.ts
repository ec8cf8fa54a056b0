import { addFix } from "../fixes.ts";
import { blankChip } from "./fake-machine.ts";
import { openRegionOf } from "./stored-region.ts";

export const START_MS = Date.UTC(2026, 2, 1);
export const STREAMS = [
  { pin: 1, intervalMs: 60000, decimals: 1 },
  { pin: 7, intervalMs: 60000, decimals: 2 },
];

/** A chip with `count` samples of v1 and v7, of which the first `delivered` of v1 are delivered. Two fixes date them. */
export function chipWithSamples(count: number, delivered = 0): Uint8Array {
  const chip = blankChip();
  const { ledger, ring } = openRegionOf(chip, STREAMS);
  ledger.boot(1, 1);
  ring.start(1);
  for (let i = 0; i < count; i++) {
    ring.append(1, 1000 + i * 60000, 205 + (i % 10));
    ring.append(7, 1500 + i * 60000, i === 3 ? Number.NaN : -1250 + i);
  }
  addFix(ledger, 1, 1000, START_MS, 20);
  addFix(ledger, 1, 1000 + count * 60000, START_MS + count * 60000, 20);
  if (delivered > 0) {
    const to = ring.end(1, 0, delivered);
    const rawMs = 1000 + count * 60000;
    const attempt = { pin: 1, from: 0, to, points: delivered, bodyBytes: 9, rawMs, fixId: 1, thinEvery: 1 };
    ledger.recordAttempt({ ...attempt, thinPhase: 0, afterTrueMs: 0 });
    const none = { thinned: 0, undatable: 0, unrepresentable: 0, corrupt: 0 };
    ledger.settle(1, rawMs, { ...none, delivered, lastTrueMs: START_MS + delivered * 60000 });
  }
  return chip;
}
