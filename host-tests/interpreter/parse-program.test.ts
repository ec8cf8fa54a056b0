/** The last net of the build: Espruino's own parser reads the text that is flashed. */
import MagicString from "magic-string";
import { expect, it } from "vitest";
import { Script } from "../../scripts/build/ast/parsed-script.ts";
import { bundleFirmware } from "../../scripts/build/bundle.ts";
import { PASSES, type Pass } from "../../scripts/build/pipeline.ts";
import { parseInInterpreter } from "../../scripts/interpreter/parse-program.ts";
import { describeEspruino } from "./describe-espruino.ts";

const problemsIn = (code: string) => parseInInterpreter(new Script(code));

/** Each stands where the interpreter does not look before it runs: in functions, blocks and objects. */
const STOPS = [
  "function f(o){return o?.a}",
  "function f(){g(2**3)}",
  'function f(o){if(o){while(o){g(function(){return /[/]/.test("a")})}}}',
  "function f(i){return i++ / 2}",
  "var o={a:{b:{get if(){}}}}",
  "function f(){var o=[{a:{b:function(){class A{delete(){}}}}}]}",
  "class A{static if(){}}",
  "class A{m(){return a?.b}}",
  "function f(a=1){}",
  "var o={m(...a){}}",
  "function f(o){return [...o]}",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code for the interpreter
  "function f(o){return `${o?.a}`}",
  "function f(a){switch(a){case 1:g(a?.b)}}",
  "function f(a){switch(a){case a?.b:}}",
  "function f(a){switch(a){default:case 2:}}",
  "function f(o){var {a}=o}",
  "function f(){for(const [a,b] of c);}",
  "function f(){a:for(;;){break a}}",
  "function f(){var of=1}",
  'function f(){if(1)/a/.test("a")}',
  "var f=()=>({[a]:1})",
  'function f(){return"\\u{1F600}"}',
];

/** Each is read to its end, and nothing in it runs. */
const PASSES_THROUGH = [
  "function f(){for(let i=0,j=1;i<2;i++){if(i)continue;else break}do{i--}while(i);try{a()}catch(e){throw e}finally{b()}return}",
  "function f(){for(const a of b)for(var k in c)d();while(1);if(a)b();else if(c)d();else{e()}}",
  "function f(a){switch(a){case 1:b();case g():break;default:c()}return a?b:c?d:e}",
  'x={a,b,get c(){return d()},"d":e(),3:4,f(){},async:1,get:2,in:{delete(){}}}',
  'typeof a==="b",delete a.b,void 0,!a,-a,+a,~a,a in b,a instanceof c,new D,new D(1).e,a>>>=2',
  "var a=b=>c=>({d:e}),g=(b,c)=>{d()},h=class extends g{constructor(){super();run()}static s(){return super.s()}get t(){return 1}}",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code for the interpreter
  "function f(){return `a${b(`c${d}`)}{}`+/[\\/]x/g.source}",
  "quit();reset();while(1);",
  'var a="\\xb0\\u2192 \\"\'\\n";function f(){return \'"\'+a}',
];

describeEspruino("the interpreter's parser, before anything is flashed", { timeout: 30_000 }, () => {
  it.each(STOPS)("stops at %s", async (code) => {
    const problems = await problemsIn(`var first=1;${code}`);
    expect(problems).not.toEqual([]);
    expect(problems[0]).toMatchObject({ file: "dist/firmware.js", line: 1 });
    expect(problems[0].column).toBeGreaterThan("var first=1;".length);
  });

  it.each(PASSES_THROUGH)("reads %s", async (code) => expect(await problemsIn(code)).toEqual([]));

  it("reads the whole firmware", async () => {
    expect(await parseInInterpreter((await bundleFirmware()).script)).toEqual([]);
  });

  it("names the line of TypeScript that a pass has spoilt", async () => {
    const plant: Pass = {
      name: "plant",
      saves: 0,
      run: (script) => {
        const at = script.code.indexOf('"PLANT"');
        return script.edited(new MagicString(script.code).update(at, at + '"PLANT"'.length, "console?.log"));
      },
    };
    const entry = new URL("../support/entry.fixture.ts", import.meta.url).pathname;
    const deviceSource = 'export const device = {};\n\nfunction late() {\n  print("PLANT");\n}\nsetTimeout(late, 1);\n';
    const { script } = await bundleFirmware({ entry, deviceSource, passes: [...PASSES, plant] });
    const problems = await parseInInterpreter(script);
    expect(problems).toMatchObject([{ line: 4, text: expect.stringContaining("Got '.' expected EOF") }]);
    expect(problems[0].file).toMatch(/device\.ts$/);
  });
});
