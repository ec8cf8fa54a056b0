/** EspruinoTools of npm `espruino`, as the build puts it into the page (scripts/lab/build-page.ts). */
import { type ToolsLoader, type ToolsRoot, toolsGlobals } from "../../console/transport/espruino-tools.ts";
import { run } from "./espruino-tools.virtual.ts";

export const loadTools: ToolsLoader = (timers) => {
  const place: { Espruino?: ToolsRoot } = {};
  const { console, setTimeout, clearTimeout } = toolsGlobals(timers);
  run(place, console, setTimeout, clearTimeout);
  return {
    root: place.Espruino as ToolsRoot,
    toBuffer: (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer,
  };
};
