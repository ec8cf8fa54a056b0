/** EspruinoTools of npm `espruino`, as the build puts it into the page (scripts/lab/build-page.ts). */
import { type ToolsLoader, toolsGlobals } from "../../console/transport/espruino-tools.ts";
import { run } from "./espruino-tools.virtual.ts";

export const loadTools: ToolsLoader = (timers) => {
  const { console, setTimeout, clearTimeout } = toolsGlobals(timers);
  return {
    root: run(console, setTimeout, clearTimeout),
    toBuffer: (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer,
  };
};
