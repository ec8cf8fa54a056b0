/** Random regular expressions: V8 and Espruino agree on each that the build accepts, as it is written after the mends. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { Script } from "../../scripts/build/ast/parsed-script.ts";
import { findMisread } from "../../scripts/build/dialect/misread.ts";
import { mend } from "../../scripts/build/passes/mends.ts";
import { makeFolder, runScript } from "../../scripts/interpreter/interpreter.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { describeEspruino } from "./describe-espruino.ts";

const SEED = Number(process.env.SIM_SEED ?? 20261127);
const EXPRESSIONS = 300;
/** In one process: a misparse or an endless loop ends only these. */
const BATCH = 50;

const IN_CLASS =
  "a b 1 , a-c 0-9 A-Z \\d \\w \\s - . $ * + ? | ( / \\] \\- \\. ^ } \\x41 \\/ \\n \\D \\W +-- +-. [ a-a".split(" ");
const ONE = "a b c 1 2 , A \\. \\$ \\/ \\| \\\\ = } ] \\- \\d \\w \\s . \\D \\W \\S \\t \\n \\x61 \\0 _".split(" ");
const IN_TEXT = [..."aabbc1122,.A -$|_=/]\\x"];

/** An expression that uses a random regular expression on a random text. */
function draw(random: () => number): string {
  const pick = (list: string[]) => list[Math.floor(random() * list.length)];
  const some = (list: string[], count: number) => Array.from({ length: count }, () => pick(list)).join("");
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  const one = () => (random() < 0.7 ? pick(ONE) : `[${random() < 0.3 ? "^" : ""}${some(IN_CLASS, upTo(3))}]`);
  const sequence = (depth: number): string =>
    Array.from({ length: upTo(3) }, () =>
      depth > 0 && random() < 0.2
        ? `(${sequence(0)})`
        : one() + pick(["+", "*", "", "", "", random() < 0.2 ? "?" : ""]),
    ).join("");
  const alternative = () => (random() < 0.35 ? "^" : "") + sequence(1) + (random() < 0.35 ? "$" : "");
  const pattern = alternative() + (random() < 0.2 ? `|${alternative()}` : "");
  const regex = `/${pattern}/${pick(["", "", "", "i", "g"])}`;
  const text = JSON.stringify(some(IN_TEXT, Math.floor(random() * 6)));
  return pick([
    `${regex}.test(${text})`,
    `${regex}.exec(${text})`,
    `${text}.replace(${regex},"<>")`,
    `${text}.split(${regex})`,
    `(${text}.match(${regex})||[])`,
    `(function(){var r=${regex};r.test(${text});return [r.test(${text}),r.lastIndex]})()`,
  ]);
}

/** The expression as the build writes it; undefined if it refuses it, or JavaScript does. */
function asBuilt(expression: string): string | undefined {
  try {
    const script = mend(new Script(`var a=${expression}`));
    return findMisread(script).length > 0 ? undefined : script.code.slice("var a=".length);
  } catch {
    return undefined;
  }
}

/** V8's answer. A list without its own members, as Espruino's copy of it below. */
function expected(expression: string): string {
  return runInNewContext(`var v=${expression};JSON.stringify(v&&v.map?v.map(function(x){return x}):v)`);
}

async function actual(expressions: string[]): Promise<string[]> {
  const folder = makeFolder();
  try {
    const lines = expressions.map(
      (one) =>
        `try{v=eval(${JSON.stringify(one)});print("= "+JSON.stringify(v&&v.map?v.map(function(x){return x}):v))}catch(e){print("= "+e)}`,
    );
    writeFileSync(join(folder.path, "regex.js"), `var v;\n${lines.join("\n")}\nquit();`);
    const output = await runScript(folder.path, "regex.js", 20_000);
    return [...output.matchAll(/^= (.*)$/gm)].map(([, answer]) => answer);
  } finally {
    folder.remove();
  }
}

describeEspruino("a regular expression that the build accepts", { timeout: 60_000 }, () => {
  it(`gives what JavaScript gives, in ${EXPRESSIONS} drawn at random (SIM_SEED=${SEED})`, async () => {
    const random = createPrng(SEED).next;
    const drawn: { expression: string; built: string }[] = [];
    while (drawn.length < EXPRESSIONS) {
      const expression = draw(random);
      const built = asBuilt(expression);
      if (built !== undefined) drawn.push({ expression, built });
    }
    for (let at = 0; at < drawn.length; at += BATCH) {
      const batch = drawn.slice(at, at + BATCH);
      const answers = await actual(batch.map(({ built }) => built));
      const said = batch.map(({ expression }, i) => `${expression} → ${answers[i]}`);
      const wanted = batch.map(({ expression }) => `${expression} → ${expected(expression)}`);
      expect(said, `SIM_SEED=${SEED}`).toEqual(wanted);
    }
  });
});
