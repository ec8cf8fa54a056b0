import { expect, test } from "vitest";
import { startSession } from "../../../firmware/start-session.ts";
import { openStorageWithBanks } from "../../../firmware/storage/whole-storage.ts";
import { createRegion } from "../../support/region.ts";

const STREAMS = [{ pin: 1, intervalMs: 60000, decimals: 1 }];

test("starts each boot at the next multiple of eight, one ms after anything on flash", () => {
  const { region } = createRegion(9);
  const started: unknown[] = [];
  for (let boot = 0; boot < 3; boot++) {
    const { data, ring } = openStorageWithBanks(region, STREAMS, 1);
    const start = startSession(data);
    ring.append(1, start.rawMs + 1000, 200);
    started.push(start);
  }
  expect(started).toEqual([
    { session: 8, rawMs: 1, deaths: 0 },
    { session: 16, rawMs: 1002, deaths: 0 },
    { session: 24, rawMs: 2003, deaths: 0 },
  ]);
});

test("counts the samples that follow to the session it started", () => {
  const { region } = createRegion(9);
  const { data, ring } = openStorageWithBanks(region, STREAMS, 1);
  const { session, rawMs } = startSession(data);
  ring.append(1, rawMs + 1000, 200);
  expect(ring.head(1)).toEqual({ position: 0, session, rawMs: rawMs + 1000 });
});

test("never uses a session again when the ledger was lost, whatever page has its newest one", () => {
  const { region, flash } = createRegion(9);
  let lastSession = 0;
  // Enough to fill pages: at some of the boots the newest page is sealed, or belongs to a datastream that was removed.
  for (let boot = 0; boot < 60; boot++) {
    const removed = boot % 3 === 0;
    const { data, ring } = openStorageWithBanks(region, removed ? [] : STREAMS, 1);
    const start = startSession(data);
    expect(start.session).toBeGreaterThan(lastSession);
    for (let i = 1; i <= 37 && !removed; i++) ring.append(1, start.rawMs + i * 977, 200 + ((i * 71) % 90));
    if (!removed) lastSession = start.session;
    if (boot % 2 === 1) flash.bytes.fill(255, 0, 2048);
  }
});
