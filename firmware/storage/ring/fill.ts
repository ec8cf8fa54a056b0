import { BAD, countPages, DECAYED, KEPT, MENDED } from "./page-table.ts";
import type { Storage } from "./ring.ts";
import { freePages } from "./space.ts";

/** How the pages stand, as in status-types.ts. */
export interface Fill {
  pages: number;
  usedPages: number;
  keptPages: number;
  badPages: number;
  mendedPages: number;
  decayedPages: number;
}

export function fillOf(storage: Storage): Fill {
  const pages = storage.ring.region.pages;
  const table = storage.ring.table;
  const checked = [0, 0, 0, 0];
  for (const check of table.checks as unknown as number[]) checked[check]++;
  return {
    pages: pages,
    usedPages: pages - freePages(storage),
    keptPages: countPages(table, KEPT),
    badPages: countPages(table, BAD),
    mendedPages: checked[MENDED],
    decayedPages: checked[DECAYED],
  };
}
