import type { Script } from "./ast/script.ts";
import { inlineCalledOnce } from "./passes/call-once.ts";
import { inlineConstants } from "./passes/constants.ts";
import { shortenProperties } from "./passes/mangle.ts";
import { minify } from "./passes/minify.ts";
import { renameOf } from "./passes/of-names.ts";
import { forgetStart } from "./passes/start-only.ts";
import { renameTopLevel } from "./passes/top-level.ts";

/** One step from the bundled TypeScript to what is flashed. */
export interface Pass {
  name: string;
  /** JsVars that the idle firmware takes more without it. */
  saves: number;
  /** `foreignTexts`: the device file and what else people wrote, whose names must stay. */
  run(script: Script, foreignTexts: string[]): Script | Promise<Script>;
}

const constants: Pass = { name: "constants", saves: 257, run: inlineConstants };
const minifier: Pass = { name: "minify", saves: 0, run: minify };

export const PASSES: Pass[] = [
  { name: "mangle", saves: 190, run: shortenProperties },
  { name: "call-once", saves: 112, run: inlineCalledOnce },
  constants,
  minifier,
  // What a constant was computed from may be a constant itself: the second round finds it folded.
  constants,
  minifier,
  { name: "of-names", saves: 0, run: renameOf },
  { name: "top-level", saves: 0, run: renameTopLevel },
  { name: "start-only", saves: 408, run: forgetStart },
];

/** Runs passes one after another. */
export async function runPasses(script: Script, passes: Pass[], foreignTexts: string[]): Promise<Script> {
  let after = script;
  for (const pass of passes) after = await pass.run(after, foreignTexts);
  return after;
}
