/** Mounts the storage that lies on the flash, as a boot does. */
import { createMachine, openRegion } from "../../../firmware/platform/machine.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import { openStorage } from "../../../firmware/storage/whole-storage.ts";
import { idleJsVars, jsVars, report } from "./measure.ts";

const machine = createMachine();
const setup = machine.store.readJson("setup.json") as { region: { address: number; bytes: number } };
const region = openRegion(setup.region) as FlashRegion;
const before = idleJsVars();
const fromS = getTime();
const ring = openStorage(region, [{ pin: 1, intervalMs: 60000, decimals: 1 }]).ring;
// Finds the end of the open page.
ring.lastRawMs();
report("mountMs", (getTime() - fromS) * 1000);
report("mountJsVars", jsVars() - before);
report("mountPages", ring.fill().usedPages);
console.log("BENCH done 0");
