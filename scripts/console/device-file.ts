import { join, resolve } from "node:path";
import vm from "node:vm";
import * as esbuild from "esbuild";
import { BundleError, devicePlugin, FIRMWARE } from "../bundle.ts";
import type { WantedRegion } from "./board.ts";
import { FieldError } from "./field-error.ts";

/** What the commands need to know of a device file. */
export interface DeviceFile {
  name: string;
  datastreams: { pin: string; name: string; intervalMs: number; decimals: number }[];
  serverUrl: string;
  region: WantedRegion;
  telnet: boolean;
}

/** Stands for everything of Espruino: can be called, constructed and asked for any member. */
const anything: unknown = new Proxy(function anything() {}, {
  get: (_target, key) => (key === Symbol.toPrimitive ? () => 0 : anything),
  apply: () => anything,
  construct: () => anything as object,
});

/** Runs a device file on this computer, with nothing of Espruino behind it, and reads what it says. */
export async function readDeviceFile(path?: string): Promise<DeviceFile> {
  const entry = resolve(path ?? join(FIRMWARE, "device.ts"));
  let code: string;
  try {
    const built = await esbuild.build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: "cjs",
      platform: "neutral",
      logLevel: "silent",
      plugins: [devicePlugin(entry, undefined)],
    });
    code = built.outputFiles[0].text;
  } catch (cause) {
    const first = (cause as esbuild.BuildFailure).errors?.[0];
    const where = first?.location ? `${first.location.file}:${first.location.line}: ` : "";
    throw new FieldError(`The device file can't be read: ${where}${first?.text ?? cause}.`, "Put it right there.", {
      cause,
    });
  }
  const names = [
    "require",
    "E",
    "Pin",
    "NRF",
    "analogRead",
    "digitalRead",
    "digitalWrite",
    "pinMode",
    "setWatch",
    "I2C1",
    "SPI1",
  ];
  const globals: Record<string, unknown> = Object.fromEntries(names.map((name) => [name, anything]));
  const module = { exports: {} as { device?: Record<string, unknown> } };
  try {
    vm.runInNewContext(code, { ...globals, module, exports: module.exports, console: { log: () => {} } });
  } catch (cause) {
    throw new FieldError(`The device file fails as it loads: ${cause}.`, "Put it right there.", { cause });
  }
  const device = module.exports.device;
  if (device === undefined) throw new FieldError("The device file exports no `device`.", "See firmware/device.ts.");
  const server = (device.server ?? {}) as { url?: string };
  const console = (device.console ?? {}) as { telnet?: boolean };
  return {
    name: String(device.name ?? ""),
    datastreams: (device.datastreams as DeviceFile["datastreams"]).map(({ pin, name, intervalMs, decimals }) => ({
      pin,
      name,
      intervalMs,
      decimals,
    })),
    serverUrl: server.url ?? "",
    region: device.region as WantedRegion,
    telnet: console.telnet === true,
  };
}

/** A failed build, as a sentence with its places. */
export function bundleFailure(error: unknown): unknown {
  if (!(error instanceof BundleError)) return error;
  return new FieldError(`The firmware can't be built:\n${error.message}`, "Nothing was written to the device.");
}
