/** The storage whole, for tools and tests: they have memory enough for all of it at once. */
import type { FlashRegion } from "../platform/ports.ts";
import { createAppender } from "./appender.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { lastRawMs, lastSession } from "./ring/last-sample.ts";
import { pageToScrub, type Ring, type RingReading, type StreamSettings, startRing } from "./ring/ring.ts";
import { scrubPage } from "./ring/scrub.ts";
import { mountStorage, mountWithBanks, type StorageCore, useStorage } from "./storage-core.ts";

/** All that is kept on flash: what was sampled, and what the server was told. */
export interface Storage {
  ledger: Ledger;
  ring: Ring;
}

/** Mounts a region as `mountStorage` does. */
export function openStorage(region: FlashRegion, streams: StreamSettings[]): Storage {
  return openWhole(mountStorage(region, streams));
}

/** `openStorage` without its check, on banks of any number of pages: tests with tiny pages wrap both soon. */
export function openStorageWithBanks(region: FlashRegion, streams: StreamSettings[], bankPages: number): Storage {
  return openWhole(mountWithBanks(region, streams, bankPages));
}

function openWhole(core: StorageCore): Storage {
  const use = useStorage(core);
  const ring: Omit<Ring, keyof RingReading> = Object.assign(createAppender(core), {
    start: (session: number) => startRing(core.ring, session),
    scrub() {
      const page = pageToScrub(core.ring);
      if (page >= 0) scrubPage(use.parts, page);
    },
    lastRawMs: () => lastRawMs(use.parts),
    lastSession: () => lastSession(use.parts),
  });
  return { ledger: use.ledger, ring: Object.assign(use.ring, ring) };
}
