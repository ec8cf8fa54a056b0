import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildForDevice } from "../../../scripts/console/unit/device-build.ts";
import { flash } from "../../../scripts/flash.ts";
import { captureTerminal } from "./captured-terminal.ts";
import { type ConsoleRig, startRig, tinyFirmware } from "./console-rig.ts";
import type { ConsoleOptions } from "./fake-console.ts";
import type { MachineOptions } from "./fake-machine.ts";
import { makeTempFolder } from "./temp-folder.ts";

/** Source of a device file with `v1` and, if asked, `v2`. */
export const deviceSource = (more: { decimals?: number; region?: string; url?: string; second?: boolean } = {}) => `
import type { Device } from "./device-types.ts";
import { custom } from "./sensors/custom.ts";
export const device: Device = {
  name: "test unit",
  datastreams: [
    { pin: "v1", name: "answer", sensor: custom(() => 42), intervalMs: 60000, decimals: ${more.decimals ?? 1} },
    ${more.second ? '{ pin: "v2", name: "other", sensor: custom(() => 1), intervalMs: 90000, decimals: 0 },' : ""}
  ],
  server: { url: "${more.url ?? "https://blynk.cloud"}"${more.url?.startsWith("http:") ? ", allowPlainHttp: true" : ""} },
  timeServers: ["pool.ntp.org"],
  region: "${more.region ?? "flash"}",
};`;

/**
 * A board to flash. The fake machine can't run the real firmware (no timers, no radio): after an upload it starts a tiny
 * firmware instead, because these tests are about the command.
 */
export async function startFlashRig(options: MachineOptions & ConsoleOptions = {}): Promise<ConsoleRig> {
  const rig = await startRig(options);
  const boot = rig.machine.boot.bind(rig.machine);
  rig.machine.boot = () => {
    boot();
    const isWhole = [0, 1].some((slot) => rig.machine.storage.read(`backfill.${slot}.ok`) !== undefined);
    if (isWhole) rig.machine.evaluate(tinyFirmware("0.1.0"));
  };
  return rig;
}

/** A file with this source; removed at the end of the running test. */
export function writeDeviceFile(source = deviceSource()): string {
  const path = join(makeTempFolder(), "device.ts");
  writeFileSync(path, source);
  return path;
}

const built = new Map<string, ReturnType<typeof buildForDevice>>();

/** Builds each device file once, by its text: a build takes seconds, and most tests flash the same file. */
function buildOnce(path: string | undefined): ReturnType<typeof buildForDevice> {
  if (path === undefined || !existsSync(path)) return buildForDevice(path);
  const source = readFileSync(path, "utf8");
  const found = built.get(source) ?? buildForDevice(path);
  built.set(source, found);
  return found;
}

/** Runs `flash` on a rig with a device file. */
export async function runFlash(rig: ConsoleRig, deviceFile: string, ...args: string[]) {
  const terminal = Object.assign(captureTerminal(), { build: buildOnce });
  const status = await flash(["--port", rig.port, "--device", deviceFile, ...args], terminal);
  return { status, text: terminal.text(), out: terminal.out };
}
