/** The last net of the build: the text that is flashed, read by Espruino's own parser. */
import { accessSync, constants, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Script } from "../build/ast/parsed-script.ts";
import { BundleError, type Problem } from "../build/problems.ts";
import { ESPRUINO, makeFolder, runScript } from "./interpreter.ts";
import { type Skeleton, skeletonsOf } from "./skeletons.ts";

/** So much at once fits the memory of a build like an ESP32's. */
const PART_CHARS = 4000;
const TIMEOUT_MS = 60_000;

/** Each piece is evaluated. What is left over behind a misread one is caught; `whole` shows that the parser came to the end. */
const READER = `
function $F(){}
var fs=require("fs"),whole=0,i,k,list;
for(i=0;i<PARTS;i++){
list=JSON.parse(fs.readFileSync("part"+i));
for(k=0;k<list.length;k+=2){
whole=0;
try{eval(list[k+1]+"\\n;whole=1")}catch(e){print("AT "+list[k]+" "+e);whole=1}
if(!whole)print("AT "+list[k]+" the statement has no end");
}
}
print("READ");quit();
`;

/**
 * What Espruino's parser finds in a script, by places in the TypeScript; nothing of the script runs. Without an interpreter
 * (`ESPRUINO`) it finds nothing. Throws `BundleError` if `ESPRUINO` names no Espruino.
 */
export async function parseInInterpreter(script: Script): Promise<Problem[]> {
  if (ESPRUINO === "") return [];
  const parts = inParts(skeletonsOf(script.program, script.code));
  const folder = makeFolder();
  try {
    for (const [i, part] of parts.entries()) writeFileSync(join(folder.path, `part${i}`), part, "latin1");
    writeFileSync(join(folder.path, "reader.js"), READER.replace("PARTS", String(parts.length)));
    const output = await run(folder.path);
    return [...output.matchAll(/^AT (\d+) (.*)$/gm)].map(([, start, what]) => problemAt(script, Number(start), what));
  } finally {
    folder.remove();
  }
}

/** `ESPRUINO` names nothing that reads a script to its end. */
function unusable(why: string): BundleError {
  const text = `ESPRUINO names ${ESPRUINO}, ${why}, so the program can't be parsed by it`;
  return new BundleError([
    { file: "", line: 0, column: 0, text, instead: "a build of Espruino for Linux, or no ESPRUINO" },
  ]);
}

async function run(folder: string): Promise<string> {
  try {
    accessSync(ESPRUINO, constants.X_OK);
  } catch {
    throw unusable("which is no program that can be run");
  }
  const output = await runScript(folder, "reader.js", TIMEOUT_MS);
  if (!/^READ$/m.test(output)) throw unusable("which does not read a script as Espruino for Linux does");
  return output;
}

/** JSON lists of offset and text by turns. */
function inParts(skeletons: Skeleton[]): string[] {
  const parts: string[] = [];
  let list: (number | string)[] = [];
  let chars = 0;
  for (const { start, text } of skeletons) {
    if (chars > 0 && chars + text.length > PART_CHARS) {
      parts.push(JSON.stringify(list));
      list = [];
      chars = 0;
    }
    list.push(start, text);
    chars += text.length;
  }
  return parts.concat(JSON.stringify(list));
}

function problemAt(script: Script, start: number, what: string): Problem {
  const place = script.placeOf(start);
  return {
    file: place?.file ?? "dist/firmware.js",
    line: place?.line ?? 1,
    column: (place?.column ?? start) + 1,
    text: `Espruino's own parser stops here: ${what}`,
    instead: "the same in other words; see “Writing for Espruino” in firmware/README.md",
  };
}
