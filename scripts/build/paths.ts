import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const FIRMWARE = join(ROOT, "firmware");
/** The device file that the firmware imports, and that the build replaces with a user's own. */
export const DEVICE_FILE = join(FIRMWARE, "device.ts");
