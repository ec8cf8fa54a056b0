import type { ToolsRoot } from "../../console/transport/espruino-tools.ts";

/**
 * The build puts EspruinoTools in the place of this file: its parts, one after the other, in a function whose parameters are all
 * that they may reach. Nothing of the page is among them.
 */
export function run(_console: object, _setTimeout: unknown, _clearTimeout: unknown): ToolsRoot {
  throw new Error("EspruinoTools is put here by the build");
}
