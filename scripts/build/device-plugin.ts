import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Plugin } from "esbuild";
import { DEVICE_FILE, FIRMWARE } from "./paths.ts";

/** The package's name, as device files write it before the path of a firmware file. */
const PACKAGE = "espruino-backfill/";

/** The file that `espruino-backfill/…` names, with or without its ".ts". */
export function firmwareFile(name: string): string {
  return join(FIRMWARE, `${name.slice(PACKAGE.length).replace(/\.ts$/, "")}.ts`);
}

/** The device file to build in place of firmware/device.ts. */
export interface DeviceChoice {
  deviceFile?: string;
  /** Its source text instead; relative imports start at firmware/. */
  deviceSource?: string;
}

/**
 * Replaces firmware/device.ts with another device file. Wherever that file lies, `espruino-backfill/…` names the firmware's
 * files, as `exports` of package.json has it for tsc and Node.js. So does a relative import that finds nothing beside it.
 */
export function devicePlugin(choice: DeviceChoice): Plugin {
  const deviceFile = choice.deviceFile === undefined ? undefined : resolve(choice.deviceFile);
  return {
    name: "device",
    setup(build) {
      build.onResolve({ filter: /^espruino-backfill\// }, (args) => {
        const path = firmwareFile(args.path);
        return existsSync(path) ? { path } : undefined;
      });
      build.onResolve({ filter: /^\.\.?\// }, (args) => {
        const beside = resolve(args.resolveDir, args.path);
        if (beside === DEVICE_FILE) {
          if (choice.deviceSource !== undefined) return { path: "device.ts", namespace: "device-source" };
          if (deviceFile !== undefined) return { path: deviceFile };
        }
        const inFirmware = resolve(FIRMWARE, args.path);
        if (args.importer === deviceFile && !existsSync(beside) && existsSync(inFirmware)) return { path: inFirmware };
        return undefined;
      });
      build.onLoad({ filter: /.*/, namespace: "device-source" }, () => {
        return { contents: choice.deviceSource, loader: "ts", resolveDir: FIRMWARE };
      });
    },
  };
}
