/** Opens what ours.ts left on flash, as a boot does. */

import { LIMITS } from "../../../firmware/limits.ts";
import { createMachine } from "../../../firmware/platform/machine.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import { openLedger } from "../../../firmware/storage/ledger.ts";
import { openRing } from "../../../firmware/storage/ring.ts";
import { idleJsVars, jsVars, report, timeUs } from "./report.ts";

const machine = createMachine();
const world = machine.store.readJson("world.json") as { region: { address: number; bytes: number } };
const region = machine.region(world.region) as FlashRegion;
const bankPages = Math.ceil(LIMITS.ledgerBankBytes / region.pageBytes);
const before = idleJsVars();
let pages = 0;
report(
  "mountMs",
  timeUs(1, () => {
    const ledger = openLedger(region, bankPages);
    const ring = openRing(region, ledger, bankPages, [{ pin: 1, intervalMs: 60000, decimals: 1 }]);
    pages = ring.fill().usedPages;
  }) / 1000,
);
report("mountJsVars", jsVars() - before);
report("mountPages", pages);
console.log("BENCH done 0");
