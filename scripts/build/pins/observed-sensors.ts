import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "esbuild";
import { FIRMWARE } from "../paths.ts";

/** Global of the device file's context: `PinRecorder.observe`. */
export const OBSERVE = "observeSensor";

const SENSORS = join(FIRMWARE, "sensors");
const NAMESPACE = "observed-sensor";

/**
 * For the device file's run at the desk: it gets every constructor under firmware/sensors through `observeSensor`. What is
 * flashed knows nothing of it.
 */
export function observedSensors(): Plugin {
  return {
    name: NAMESPACE,
    setup(build) {
      build.onResolve({ filter: /(^|\/)sensors\// }, async (args) => {
        // Sensors that use each other, and the question below.
        if (args.namespace === NAMESPACE || dirname(args.importer) === SENSORS || args.pluginData === NAMESPACE) {
          return undefined;
        }
        const { importer, kind, resolveDir, path } = args;
        const found = await build.resolve(path, { importer, kind, resolveDir, pluginData: NAMESPACE });
        if (found.errors.length > 0) return { errors: found.errors };
        return dirname(found.path) === SENSORS ? { path: found.path, namespace: NAMESPACE } : { path: found.path };
      });
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => {
        const exported = readFileSync(path, "utf8").matchAll(/^export (?:function|const|class) (\w+)/gm);
        const lines = [...exported].map(
          ([, name]) => `export const ${name} = globalThis.${OBSERVE}("${name}", real.${name});`,
        );
        const contents = [`import * as real from ${JSON.stringify(path)};`, ...lines].join("\n");
        return { contents, loader: "ts", resolveDir: SENSORS };
      });
    },
  };
}
