/** Opens what ours.ts left on flash, as a boot does. */

import { createMachine } from "../../../firmware/platform/machine.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import { openStorage } from "../../../firmware/storage/storage.ts";
import { idleJsVars, jsVars, report } from "./report.ts";

const machine = createMachine();
const world = machine.store.readJson("world.json") as { region: { address: number; bytes: number } };
const region = machine.region(world.region) as FlashRegion;
const before = idleJsVars();
const fromS = getTime();
const ring = openStorage(region, [{ pin: 1, intervalMs: 60000, decimals: 1 }]).ring;
// Looks for the end of the page that was being written.
ring.lastRawMs();
report("mountMs", (getTime() - fromS) * 1000);
report("mountJsVars", jsVars() - before);
report("mountPages", ring.fill().usedPages);
console.log("BENCH done 0");
