import type { Script } from "../ast/parsed-script.ts";
import type { AnyNode } from "../ast/walk.ts";

/**
 * Modules that Espruino's builds may contain (libs/ of 2v29). The rest would have to be fetched from espruino.com while a
 * unit is flashed: the bundle would no longer be what was tested, and flashing would need the internet.
 */
const BUILT_IN = new Set(
  "timer Flash Storage heatshrink fs net dgram tls http NetworkJS TelnetServer crypto neopixel Wifi ESP32 ESP8266 tensorflow".split(
    " ",
  ),
);

/** Each `require` of a module that no build contains, with the module's name. */
export function findMissingModules(script: Script): { node: AnyNode; name: string }[] {
  const missing: { node: AnyNode; name: string }[] = [];
  for (const { node, binding, path } of script.references) {
    const call = path[path.length - 1];
    if (node.name !== "require" || binding !== undefined || call.type !== "CallExpression" || call.callee !== node)
      continue;
    const [module] = call.arguments;
    if (module?.type !== "Literal" || BUILT_IN.has(String(module.value))) continue;
    missing.push({ node, name: String(module.value) });
  }
  return missing;
}
