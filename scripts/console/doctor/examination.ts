import type { Device } from "../../../firmware/device-types.ts";
import type { PinUse } from "../../build/pins/pin-use.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { readBoardInfo } from "../unit/board-info.ts";
import { createDeviceFlash } from "../unit/device-flash.ts";
import { readStatus } from "../unit/device-status.ts";
import type { WantedRegion } from "../unit/firmware-needs.ts";
import { readStoredSettings } from "../unit/stored-settings.ts";
import { serverOfUnit, type UnitServer } from "../unit/unit-server.ts";
import { checkBuild, checkHeap, checkPool } from "./board-checks.ts";
import { checkBuses } from "./bus-checks.ts";
import { checkProgram, checkRuntime, checkStoredSettings } from "./device-checks.ts";
import type { Finding } from "./finding.ts";
import { checkNetwork } from "./network-checks.ts";
import { checkRing } from "./ring-check.ts";
import { checkClock, checkDeviceFile, checkFirmware, checkMemory, checkSamples } from "./status-checks.ts";

export interface ExaminationOptions {
  /** In place of the unit's own server. */
  server?: string;
  askServer: boolean;
  /** Of the unit's device file: their buses are searched. */
  pinUses: PinUse[];
  /** The device file. */
  file?: { device: Device; path: string };
  /** A person named the device file: it is this unit's. */
  isFileNamed?: boolean;
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
  findings.push(...(await checkRing(device, board, status, regionsOf(options))));
  if (status !== undefined) {
    findings.push(checkPool(board, status), checkMemory(status), checkClock(status), checkSamples(status));
    if (options.file !== undefined && options.isFileNamed) findings.push(checkDeviceFile(status, options.file));
  }
  findings.push(...(await checkBuses(device, options.pinUses)));
  const settings = await readStoredSettings(device, terminal.secrets);
  findings.push(checkStoredSettings(settings));
  const server = serverOfUnit({ option: options.server, status, settings, file: options.file });
  const { askServer } = options;
  if (server === undefined) {
    const found = "no server is known: the unit does not name one, and the device file can't be read";
    findings.push({ name: "sends to", verdict: "skip", found, advice: "Give --device or --server." });
    return findings;
  }
  findings.push(judgeServer(server, settings.token !== undefined, options));
  findings.push(checkHeap(board, server.url));
  const hasToken = settings.token !== undefined;
  findings.push(...(await checkNetwork(device, { server: server.url, hasToken, hasTls, askServer })));
  return findings;
}

/** Where data is looked for, in this order; undefined is “everywhere that the partition table allows”. */
function regionsOf({ region, file, isFileNamed }: ExaminationOptions): (WantedRegion | undefined)[] {
  if (region !== undefined) return [region];
  if (file === undefined) return [undefined];
  // firmware/device.ts may be another unit's: what its table allows comes first.
  return isFileNamed ? [file.device.region, undefined] : [undefined, file.device.region];
}

/** Names the server, who says so, and whether this device file contradicts the unit. */
function judgeServer({ url, from }: UnitServer, isProvisioned: boolean, options: ExaminationOptions): Finding {
  const name = "sends to";
  const found = `${url} (says ${from})`;
  const { file, isFileNamed } = options;
  if (url.startsWith("http:") && isFileNamed && file !== undefined && !file.device.server.allowPlainHttp) {
    const advice = `The firmware refuses plain http: write allowPlainHttp: true into ${file.path}, or provision an https server.`;
    return { name, verdict: "warn", found: `${found}, which ${file.path} does not allow`, advice };
  }
  if (from !== file?.path || isFileNamed || !isProvisioned) return { name, verdict: "ok", found };
  return { name, verdict: "ok", found: `${found}; if the unit has another device file, give it with --device` };
}
