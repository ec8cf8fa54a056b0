/** Opens what ours.ts left on flash, as a boot does. */

import { LIMITS } from "../../../firmware/limits.ts";
import { createMachine } from "../../../firmware/platform/machine.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import { openLedger } from "../../../firmware/storage/ledger/ledger.ts";
import { openRing } from "../../../firmware/storage/ring/ring.ts";
import { idleJsVars, jsVars, report } from "./report.ts";

const machine = createMachine();
const world = machine.store.readJson("world.json") as { region: { address: number; bytes: number } };
const region = machine.region(world.region) as FlashRegion;
const bankPages = Math.ceil(LIMITS.ledgerBankBytes / region.pageBytes);
const before = idleJsVars();
const fromS = getTime();
const ledger = openLedger(region, bankPages);
const ring = openRing(region, ledger, bankPages, [{ pin: 1, intervalMs: 60000, decimals: 1 }]);
// Looks for the end of the page that was being written.
ring.lastRawMs();
report("mountMs", (getTime() - fromS) * 1000);
report("mountJsVars", jsVars() - before);
report("mountPages", ring.fill().usedPages);
console.log("BENCH done 0");
