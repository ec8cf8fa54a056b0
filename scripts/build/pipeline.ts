import type { Script } from "./ast/parsed-script.ts";
import { inlineCalledOnce } from "./passes/call-once.ts";
import { inlineConstants } from "./passes/constants.ts";
import { shortenProperties } from "./passes/mangle.ts";
import { mendDivisions } from "./passes/mends.ts";
import { minify } from "./passes/minify.ts";
import { renameOf } from "./passes/of-names.ts";
import { nestOnDemand } from "./passes/on-demand.ts";
import { forgetStart } from "./passes/start-only.ts";
import { renameTopLevel } from "./passes/top-level.ts";

/** One step from the bundled TypeScript to what is flashed. */
export interface Pass {
  name: string;
  /**
   * JsVars that the idle firmware takes more without this pass. Measured with two datastreams, after the first sync found no
   * Wi-Fi, on a 32-bit Linux build of Espruino 2v29 that has ESP32's JsVars of 14 bytes and maps the program from flash.
   * host-tests/interpreter/passes.test.ts measures again: it prints today's figures and fails if one is a tenth smaller. Passes
   * help each other, so the figures don't add up.
   */
  saves: number;
  /** `foreignTexts`: the device file and the other files that people write; the names in them must stay. */
  run(script: Script, foreignTexts: string[]): Script | Promise<Script>;
}

const constants: Pass = { name: "constants", saves: 647, run: inlineConstants };
const minifier: Pass = { name: "minify", saves: 262, run: minify };

/**
 * In this order: `on-demand`, `mangle` and `call-once` need the names as they were written, which `minify` shortens. `call-once`
 * goes on inside what `on-demand` nested, and `start-only` deletes what is left at the top for the start alone.
 */
export const PASSES: Pass[] = [
  { name: "on-demand", saves: 1144, run: nestOnDemand },
  { name: "mangle", saves: 199, run: shortenProperties },
  { name: "call-once", saves: 36, run: inlineCalledOnce },
  constants,
  minifier,
  // What a constant was computed from may be a constant itself: the second round finds it folded.
  constants,
  minifier,
  // Not to save anything: Espruino misreads a variable called `of`, and a division whose parentheses the minifier took away.
  { name: "of-names", saves: 0, run: (script) => mendDivisions(renameOf(script)) },
  { name: "top-level", saves: 56, run: renameTopLevel },
  { name: "start-only", saves: 314, run: forgetStart },
];

/** Runs passes one after another. `foreignTexts` as in `Pass`. */
export async function runPasses(script: Script, passes: Pass[], foreignTexts: string[]): Promise<Script> {
  let after = script;
  for (const pass of passes) after = await pass.run(after, foreignTexts);
  return after;
}
