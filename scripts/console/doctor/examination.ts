import type { PinUse } from "../../build/pins/pin-use.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { readBoardInfo } from "../unit/board-info.ts";
import { createDeviceFlash } from "../unit/device-flash.ts";
import { readStatus } from "../unit/device-status.ts";
import type { WantedRegion } from "../unit/firmware-needs.ts";
import { readStoredSettings } from "../unit/stored-settings.ts";
import { checkBuild, checkHeap, checkPool } from "./board-checks.ts";
import { checkBuses } from "./bus-checks.ts";
import { checkProgram, checkRuntime, checkStoredSettings } from "./device-checks.ts";
import type { Finding } from "./finding.ts";
import { checkNetwork } from "./network-checks.ts";
import { checkRing } from "./ring-check.ts";
import { checkClock, checkFirmware, checkMemory, checkSamples } from "./status-checks.ts";

const DEFAULT_SERVER = "https://blynk.cloud";

export interface ExaminationOptions {
  /** In place of the unit's own server. */
  server?: string;
  askServer: boolean;
  /** Of the unit's device file: their buses are searched. */
  pinUses: PinUse[];
  /** Where the data is, if it is not to be searched for. */
  region?: WantedRegion;
}

/** Makes all checks of the doctor. A check comes after those that it depends on. */
export async function examine(
  device: DeviceConsole,
  terminal: Terminal,
  options: ExaminationOptions,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  findings.push({ name: "port", verdict: "ok", found: device.port });
  findings.push(checkRuntime(device));
  const board = await readBoardInfo(device, createDeviceFlash(device));
  const hasTls = board.modules.includes("tls");
  findings.push({ name: "board", verdict: "ok", found: `${device.board}, ${hasTls ? "with" : "without"} TLS` });
  findings.push(...checkBuild(board));
  findings.push(await checkProgram(device));
  const status = await readStatus(device).catch(() => undefined);
  findings.push(checkFirmware(status));
  findings.push(...(await checkRing(device, board, status, options.region)));
  if (status !== undefined) {
    findings.push(checkPool(board, status), checkMemory(status), checkClock(status), checkSamples(status));
  }
  findings.push(...(await checkBuses(device, options.pinUses)));
  const settings = await readStoredSettings(device, terminal.secrets);
  findings.push(checkStoredSettings(settings));
  // The unit may have been sent on to another server of Blynk's. An older firmware does not say.
  const server = options.server ?? (status?.server || settings.server) ?? DEFAULT_SERVER;
  const { askServer } = options;
  findings.push(checkHeap(board, server));
  findings.push(...(await checkNetwork(device, { server, hasToken: settings.token !== undefined, hasTls, askServer })));
  return findings;
}
