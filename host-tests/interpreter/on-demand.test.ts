/** What a function on demand takes of the interpreter's memory while its result is held, and that all of it comes back. */
import { expect, it } from "vitest";
import { Script } from "../../scripts/build/ast/parsed-script.ts";
import { PASSES, runPasses } from "../../scripts/build/pipeline.ts";
import { startInterpreter } from "../../scripts/interpreter/interpreter.ts";
import { provision } from "../../scripts/interpreter/provision-flash.ts";
import { describeEspruino } from "./describe-espruino.ts";

const FUNCTIONS = 40;
const CALLS = 200;

/** A function on demand that is made of 40 others, each with 300 characters of code that the build can't shorten. */
function programOf(mark: string): string {
  const names = Array.from({ length: FUNCTIONS }, (_, i) => `part${i}`);
  const text = "long text that stays ".repeat(14);
  const parts = names.map((name, i) => `function ${name}(n) { print("${text}"); return n + ${i}; }`);
  return `${parts.join("\n")}
function total(n) {
  ${mark}
  return { ask() { return ${names.map((name) => `${name}(n)`).join(" + ")}; }, also() { return ${names.join(" || ")}; } };
}
// Typed arrays: a figure that is noted there takes no JsVar.
const figures = new Float64Array(5);
function note(at) { figures[at] = process.memory().usage; }
let held = total(1);
function make() { held = total(1); held = undefined; }
function repeat() {
  const fromS = getTime();
  for (let i = 0; i < ${CALLS}; i++) [0].forEach(make);
  figures[4] = (getTime() - fromS) * 1000 / ${CALLS};
}
function look() {
  held = undefined;
  note(0);
  held = total(1);
  note(1);
  held = undefined;
  note(2);
  repeat();
  note(3);
  print("LOOK " + figures.join());
}
setTimeout(look, 1);
`;
}

interface Look {
  /** JsVars in use while nothing of it is held. */
  before: number;
  /** JsVars more while its result is held, when it was dropped, and after 200 more calls. */
  holding: number;
  after: number;
  later: number;
  callMs: number;
}

async function look(mark: string): Promise<Look> {
  const { code } = await runPasses(new Script(programOf(mark)), PASSES, []);
  const folder = await provision({ program: code, bare: true });
  const interpreter = startInterpreter(folder.path);
  try {
    const line = await interpreter.line(/^LOOK /);
    const [before, held, dropped, repeated, callMs] = line.slice(5).split(",").map(Number);
    return { before, holding: held - before, after: dropped - before, later: repeated - before, callMs };
  } finally {
    await interpreter.kill();
    folder.remove();
  }
}

describeEspruino("a function on demand", { timeout: 60_000 }, () => {
  it(`gives back every JsVar of its ${FUNCTIONS} functions when its result is dropped, ${CALLS} times over`, async () => {
    const onDemand = await look('"on demand";');
    const always = await look("");
    console.log(
      `${FUNCTIONS} functions: ${onDemand.holding} JsVars while they are held, ${always.before - onDemand.before} for ever without the mark; ` +
        `a call takes ${onDemand.callMs.toFixed(2)} ms, ${always.callMs.toFixed(2)} ms without it`,
    );
    expect(onDemand.after).toBe(0);
    expect(onDemand.later).toBe(0);
    expect(always.before - onDemand.before).toBeGreaterThanOrEqual(4 * FUNCTIONS);
    // Their code alone would take more than 20 each.
    expect(onDemand.holding).toBeGreaterThanOrEqual(4 * FUNCTIONS);
    expect(onDemand.holding).toBeLessThan(12 * FUNCTIONS);
  });
});
