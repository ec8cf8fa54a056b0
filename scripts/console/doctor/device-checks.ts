import type { DeviceConsole } from "../transport/device-console.ts";
import { hasLoader, readPrograms } from "../unit/program-store.ts";
import type { UnitSettings } from "../unit/unit-settings.ts";
import type { Finding } from "./finding.ts";

/** The newest Espruino that the firmware was tested on, 2v29. An older one gets a warning. */
const TESTED_VERSION = 2.29;
/** Storage files that Espruino runs or loads at power-on, beside .bootcde. */
const OTHER_BOOT_FILES = [".bootrst", ".boot0", ".boot1", ".boot2", ".boot3", ".bootPowerOn", ".varimg"];

/** The version of Espruino on the board. */
export function checkRuntime(device: DeviceConsole): Finding {
  const [major, minor] = device.version.split("v").map(Number.parseFloat);
  const name = "runtime";
  const found = `Espruino ${device.version}`;
  if (major + minor / 100 >= TESTED_VERSION) return { name, verdict: "ok", found };
  const advice = "Put a newer Espruino runtime on the board when you can.";
  return { name, verdict: "warn", found: `${found}, older than 2v29`, advice };
}

/** Whether a whole program is stored and starts at power-on. */
export async function checkProgram(device: DeviceConsole): Promise<Finding> {
  const name = "program";
  const [newest] = await readPrograms(device);
  const isStarted = await hasLoader(device);
  const others = (await device.evaluate(
    `require("Storage").list().filter(function(n){return ${JSON.stringify(OTHER_BOOT_FILES)}.indexOf(n)>=0})`,
  )) as string[];
  if (newest === undefined || !isStarted) {
    const found = newest === undefined ? "no whole program is stored" : "another program starts at power-on";
    return { name, verdict: "fail", found, advice: "`npm run flash`." };
  }
  const found = `${newest.bytes} bytes, upload ${newest.n}, CRC correct`;
  if (others.length === 0) return { name, verdict: "ok", found };
  const advice = `Erase it in the Espruino Web IDE: require("Storage").erase("${others[0]}").`;
  return { name, verdict: "warn", found: `${found}; ${others.join(", ")} runs at power-on too`, advice };
}

/** Whether the unit has a token and a network. */
export function checkStoredSettings(settings: UnitSettings): Finding {
  const name = "settings";
  const networks = settings.networks ?? [];
  if (settings.token === undefined || networks.length === 0) {
    const found = settings.token === undefined ? "no usable token" : "no Wi-Fi network";
    return { name, verdict: "fail", found, advice: "`npm run provision`." };
  }
  return { name, verdict: "ok", found: `${networks.map((network) => `“${network.ssid}”`).join(", ")}, a token` };
}
