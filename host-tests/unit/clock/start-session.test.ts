import { expect, test } from "vitest";
import { startSession } from "../../../firmware/clock/start-session.ts";
import { openStorageWithBanks } from "../../../firmware/storage/storage.ts";
import { createRegion } from "../../support/region.ts";

const STREAMS = [{ pin: 1, intervalMs: 60000, decimals: 1 }];

test("starts each boot at the next multiple of eight, one ms after anything on flash", () => {
  const { region } = createRegion(9);
  const started: unknown[] = [];
  for (let boot = 0; boot < 3; boot++) {
    const { ledger, ring } = openStorageWithBanks(region, STREAMS, 1);
    const start = startSession(ledger, ring);
    ring.append(1, start.rawMs + 1000, 200);
    started.push(start);
  }
  expect(started).toEqual([
    { session: 8, rawMs: 1 },
    { session: 16, rawMs: 1002 },
    { session: 24, rawMs: 2003 },
  ]);
});

test("counts the samples that follow to the session it started", () => {
  const { region } = createRegion(9);
  const { ledger, ring } = openStorageWithBanks(region, STREAMS, 1);
  const { session, rawMs } = startSession(ledger, ring);
  ring.append(1, rawMs + 1000, 200);
  expect(ring.head(1)).toEqual({ position: 0, session, rawMs: rawMs + 1000 });
});
