import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import vm from "node:vm";
import { PARTS, type ToolsLoader, type ToolsRoot, toolsGlobals } from "./espruino-tools.ts";

/** EspruinoTools of npm `espruino`, in a context of Node.js. */
export const loadTools: ToolsLoader = (timers) => {
  const context = vm.createContext(toolsGlobals(timers));
  const folder = join(createRequire(import.meta.url).resolve("espruino/package.json"), "..");
  for (const part of PARTS) {
    const filename = join(folder, part);
    vm.runInContext(readFileSync(filename, "utf8"), context, { filename });
  }
  return {
    root: (context as unknown as { Espruino: ToolsRoot }).Espruino,
    toBuffer: vm.runInContext("(text) => Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer", context),
  };
};
