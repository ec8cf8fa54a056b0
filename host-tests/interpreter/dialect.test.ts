/**
 * What the build refuses goes wrong in the interpreter, and what it accepts works there: V8 and Espruino run each construct,
 * and the test compares the two answers.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { Script } from "../../scripts/build/ast/parsed-script.ts";
import { MISSING_METHODS, STATIC_MEMBERS } from "../../scripts/build/dialect/library.ts";
import { findMisread } from "../../scripts/build/dialect/misread.ts";
import { RULES } from "../../scripts/build/dialect/rules.ts";
import { mend } from "../../scripts/build/passes/mends.ts";
import { makeFolder, runScript } from "../../scripts/interpreter/interpreter.ts";
import { ALLOWED_DATA_ROWS, REFUSED_DATA_ROWS } from "./data-rows.ts";
import { describeEspruino } from "./describe-espruino.ts";
import { ALLOWED_ROWS, MENDED_ROWS, REFUSED_ROWS } from "./language-rows.ts";

/** `code` is a program that leaves its answer in the global `answer`. */
interface Construct {
  name: string;
  code: string;
  /** Only the type check can refuse it: texts have a method of that name. */
  byType?: true;
}

const REFUSED: Construct[] = [
  ...REFUSED_DATA_ROWS,
  { name: "array destructuring", code: "var [a,b]=[1,2]; answer=a+b" },
  { name: "object destructuring", code: "var {a,b}={a:1,b:2}; answer=a+b" },
  { name: "destructured arguments", code: "function f({a}){return a} answer=f({a:3})" },
  { name: "array spread", code: "answer=[1,...[2,3]].length" },
  { name: "object spread", code: "answer=Object.keys({a:1,...{b:2}}).length" },
  { name: "spread arguments", code: "answer=Math.max(...[1,5,3])" },
  { name: "rest arguments", code: "function f(...a){return a.length} answer=f(1,2,3)" },
  { name: "default arguments", code: "function f(a=7){return a} answer=f()" },
  { name: "optional chaining", code: "var o; answer=o?.x===undefined" },
  { name: "logical assignment", code: "var o={a:null}; o.a??=4; answer=o.a" },
  { name: "exponent operator", code: "answer=2**10" },
  { name: "computed keys", code: "var k='x'; answer=({[k]:5}).x" },
  { name: "async functions", code: "async function f(){return 1} answer=typeof f" },
  { name: "generators", code: "function*f(){yield 3} answer=f().next().value" },
  {
    name: "labels",
    code: "answer=0; outer: for(var i=0;i<3;i++){for(var j=0;j<3;j++){if(j===1)continue outer; answer++}}",
  },
  { name: "private members", code: "class A{#x=1;get x(){return this.#x}} answer=new A().x" },
  { name: "new.target", code: "function F(){this.t=new.target===F} answer=new F().t" },
  { name: "tagged templates", code: "function t(s){return s[0]} answer=t`ab`" },
  { name: "big integers", code: "answer=String(1n+2n)" },
  { name: "hoisted functions", code: "answer=f(); function f(){return 5}" },
  { name: "closures over a loop's own variable", code: "var f=[]; for(let i=0;i<3;i++)f.push(()=>i); answer=f[0]()" },
  { name: "closures over a for…of variable", code: "var f=[]; for(const x of [4,5])f.push(()=>x); answer=f[0]()" },
  { name: "Map", code: "answer=new Map([[1,2]]).get(1)" },
  { name: "Set", code: "answer=new Set([1,1]).size" },
  { name: "Symbol", code: "answer=typeof Symbol()" },
  { name: "WeakMap", code: "answer=typeof new WeakMap()" },
  { name: "Array.from", code: "answer=Array.from([1,2]).length" },
  { name: "flat", code: "answer=[[1],[2]].flat().length" },
  { name: "flatMap", code: "answer=[1,2].flatMap(x=>[x,x]).length" },
  { name: "Array at()", code: "answer=[1,2].at(-1)" },
  { name: "Math.trunc", code: "answer=Math.trunc(1.5)" },
  { name: "Math.imul", code: "answer=Math.imul(3,4)" },
  { name: "Math.fround", code: "answer=Math.fround(0.5)" },
  { name: "Math.hypot", code: "answer=Math.hypot(3,4)" },
  { name: "Math.clz32", code: "answer=Math.clz32(1)" },
  { name: "Math.log10", code: "answer=Math.log10(100)" },
  { name: "Number.MAX_SAFE_INTEGER", code: "answer=Number.MAX_SAFE_INTEGER" },
  { name: "Number.parseInt", code: "answer=Number.parseInt('3')" },
  { name: "lastIndexOf of an array", code: "answer=[1,2,1].lastIndexOf(1)", byType: true },
  { name: "findLast", code: "answer=[1,2,3].findLast(x=>x<3)" },
  { name: "Array.of", code: "answer=Array.of(1).length" },
  { name: "codePointAt", code: "answer='a'.codePointAt(0)" },
  { name: "localeCompare", code: "answer='a'.localeCompare('b')" },
  { name: "Object.freeze", code: "answer=Object.freeze({a:1}).a" },
  { name: "Object.is", code: "answer=Object.is(1,1)" },
  { name: "Number.isInteger", code: "answer=Number.isInteger(5)" },
  { name: "Number.isFinite", code: "answer=Number.isFinite(5)" },
  { name: "setBigUint64", code: "new DataView(new ArrayBuffer(8)).setBigUint64(0,BigInt(5)); answer=1" },
  ...REFUSED_ROWS,
];

const ALLOWED: Construct[] = [
  ...ALLOWED_DATA_ROWS,
  { name: "let and const in blocks", code: "let a=1; {let a=2; const b=3} answer=a" },
  { name: "arrow functions", code: "answer=[1,2,3].map(x=>x*2).join()" },
  {
    name: "classes",
    code: "class A{constructor(x){this.x=x} get y(){return this.x+1} static z(){return 9}} class B extends A{constructor(){super(4)}} answer=new B().y+A.z()",
  },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code for the interpreter
  { name: "template literals", code: "var a=3; answer=`a${a+1}b`" },
  { name: "for…of", code: "answer=0; for(const x of [1,2,3])answer+=x" },
  { name: "for…in", code: "answer=''; for(var k in {a:1,b:2})answer+=k" },
  { name: "shorthand members", code: "var a=1; var o={a,f(){return this.a+1}}; answer=o.f()" },
  { name: "nullish coalescing", code: "answer=(null??4)+(0??5)" },
  {
    name: "try, catch and finally",
    code: "answer=''; try{throw new Error('x')}catch(e){answer+=e.message}finally{answer+='f'}",
  },
  { name: "switch", code: "switch(3){case 1:answer=1;break;case 3:answer=3;break;default:answer=9}" },
  {
    name: "a switch that falls through",
    code: "answer=0; switch(1){case 1:answer++;case 2:answer++;break;case 3:answer=9}",
  },
  { name: "regular expressions", code: "answer=/^v(\\d+)$/.exec('v12')[1]" },
  { name: "regular expressions with classes", code: "answer='a-b_C9'.match(/^[A-Za-z0-9_-]+$/)[0].length" },
  { name: "typed arrays", code: "var a=new Uint8Array(4); a.set([1,2],1); answer=a.join()+a.subarray(1,3).length" },
  { name: "typed array slice", code: "answer=new Uint8Array([1,2,3,4]).slice(1,3).join()" },
  {
    name: "DataView",
    code: "var d=new DataView(new ArrayBuffer(8)); d.setUint32(0,4000000000,true); answer=d.getUint32(0,true)",
  },
  { name: "getters in literals", code: "answer=({get x(){return 4}}).x" },
  { name: "find and findIndex", code: "answer=[1,5,7].find(x=>x>3)+[1,5,7].findIndex(x=>x>6)" },
  {
    name: "every, some, filter, reduce",
    code: "answer=[1,2,3].filter(x=>x>1).reduce((a,b)=>a+b,0)+String([1].every(x=>x))+String([1].some(x=>!x))",
  },
  { name: "includes and indexOf", code: "answer=[1,2].includes(2)&&'abc'.includes('b')&&[1,2].indexOf(3)===-1" },
  { name: "Array fill", code: "answer=[1,2,3].fill(0).join()+new Uint8Array(3).fill(7).join()" },
  { name: "sort with a comparison", code: "answer=[3,1,2].sort((a,b)=>a-b).join()" },
  { name: "splice", code: "var a=[1,2,3,4]; a.splice(1,2); answer=a.join()" },
  {
    name: "Object.assign, keys, values, entries",
    code: "var o=Object.assign({},{a:1}); answer=Object.keys(o).join()+Object.values(o).join()+Object.entries(o).length",
  },
  { name: "padStart, startsWith, repeat", code: "answer='7'.padStart(3,'0')+'ab'.startsWith('a')+'x'.repeat(3)" },
  {
    name: "Math.sign, floor, round, pow",
    code: "answer=[Math.sign(-3),Math.floor(-1.5),Math.round(2.5),Math.pow(2,40)].join()",
  },
  { name: "32-bit operations", code: "answer=[(5<<2)|1, -1>>>0, 0xff&~3, 1648054765458|0].join()" },
  {
    name: "times as doubles",
    code: "answer=[1648054765458%86400000, Math.floor(1648054765458/1000), 1648054765458-1648054765000].join()",
  },
  { name: "isNaN and isFinite", code: "answer=[isNaN(NaN),isNaN(3),isFinite(Infinity),isFinite(3)].join()" },
  {
    name: "closures over a function's argument",
    code: "var f=[]; [1,2].forEach(x=>f.push(()=>x)); answer=f[0]()+f[1]()",
  },
  {
    name: "closures over variables of a factory",
    code: "function make(){let n=0; return {up(){return ++n}}} const a=make(),b=make(); a.up(); answer=a.up()*10+b.up()",
  },
  { name: "functions called later than declared", code: "function a(){return b()} function b(){return 6} answer=a()" },
  { name: "ternaries and commas", code: "var i=0; answer=(i++,i>0?'y':'n')" },
  {
    name: "do…while, break, continue",
    code: "var i=0; answer=0; do{i++; if(i===2)continue; if(i>4)break; answer+=i}while(true)",
  },
  { name: "JSON", code: 'answer=JSON.stringify(JSON.parse(\'{"a":[1,null,true,"x"]}\'))' },
  {
    name: "throwing out of nested functions",
    code: "function f(){g()} function g(){throw 'e'} try{f()}catch(e){answer=e}",
  },
  { name: "delete and in", code: "var o={a:1}; delete o.a; answer='a' in o" },
  { name: "typeof of an unknown name", code: "answer=typeof nowhere" },
  { name: "charCodeAt and fromCharCode", code: "answer='é'.length>0&&'A'.charCodeAt(0)+String.fromCharCode(66)" },
  {
    name: "String split, slice, substr, trim",
    code: "answer='a,b'.split(',').length+'hello'.slice(1,3)+'hello'.substr(1,3)+' x '.trim()",
  },
  {
    name: "endsWith, padEnd, replaceAll",
    code: "answer='ab'.endsWith('b')+'x'.padEnd(3,'.')+'aXbX'.replaceAll('X','')",
  },
  {
    name: "bind, call, apply and arguments",
    code: "function f(a,b){return a+b+arguments.length} answer=f.bind(null,1)(2)+f.call(null,1,2)+f.apply(null,[1,2])",
  },
  { name: "map of a typed array", code: "answer=new Uint8Array([1,2]).map(x=>x*3).join()" },
  {
    name: "Array.isArray, reverse, concat, slice",
    code: "answer=Array.isArray([])+[1,2,3].reverse().concat([4]).slice(1).join()",
  },
  { name: "toString with a radix", code: "answer=(255).toString(16)+parseInt('ff',16)" },
  ...ALLOWED_ROWS,
];

/** What V8 answers. */
function expected(code: string): string {
  return JSON.stringify(runInNewContext(`var answer;${code};answer`));
}

/** What Espruino answers, "nothing" if it throws or can't parse. Each in its own process: a misparse must not affect the next. */
async function actual(code: string): Promise<string> {
  const folder = makeFolder();
  try {
    writeFileSync(
      join(folder.path, "construct.js"),
      // A syntax error ends the script, so a timer that was set before prints the answer.
      `var answer="nothing";setTimeout(function(){print("answer="+JSON.stringify(answer));quit()},1);\n${code};\n`,
    );
    const output = await runScript(folder.path, "construct.js", 10_000);
    if (/Uncaught|Got .* expected/.test(output)) return "nothing";
    return /^answer=(.*)$/m.exec(output)?.[1] ?? "nothing";
  } finally {
    folder.remove();
  }
}

/** Ids of what the build's check finds; code that the check can't parse counts as refused. */
function refusals(code: string): string[] {
  try {
    return findMisread(new Script(`var answer;${code}`)).map(({ id }) => id);
  } catch (error) {
    return [String(error)];
  }
}

describeEspruino("every row of the dialect check", () => {
  it.concurrent.each(RULES)("$id goes wrong in the interpreter and is refused, its better works", async (rule) => {
    const example = `answer=${rule.example}`;
    const better = `answer=${rule.better}`;
    expect(await actual(example)).not.toBe(expected(example));
    expect(refusals(example)).toContain(rule.id);
    expect(await actual(better)).toBe(expected(better));
    expect(refusals(better)).toEqual([]);
  });
});

describeEspruino("what the build refuses goes wrong in the interpreter", () => {
  it.concurrent.each(REFUSED)("$name", async ({ code, byType }) => {
    expect(await actual(code)).not.toBe(expected(code));
    if (!byType) expect(refusals(code)).not.toEqual([]);
  });
});

describeEspruino("what the build accepts works in the interpreter", () => {
  it.concurrent.each(ALLOWED)("$name", async ({ code }) => {
    expect(await actual(code)).toBe(expected(code));
    expect(refusals(code)).toEqual([]);
  });
});

describeEspruino("what the build mends is wrong as it stands, and works in the interpreter then", () => {
  it.concurrent.each(MENDED_ROWS)("$name", async ({ code }) => {
    expect(await actual(code)).not.toBe(expected(code));
    expect(refusals(code)).not.toEqual([]);
    const mended = mend(new Script(`var answer;${code}`)).code.slice("var answer;".length);
    expect(expected(mended)).toBe(expected(code));
    expect(await actual(mended)).toBe(expected(code));
    expect(refusals(mended)).toEqual([]);
  });
});

describeEspruino("the library that the build knows", () => {
  it("has every member that the build lists", async () => {
    const members = Object.entries(STATIC_MEMBERS).flatMap(([object, names]) =>
      [...names].map((name) => `${object}.${name}`),
    );
    const table = `[${members.map((member) => `["${member}",function(){return ${member}}]`)}]`;
    const code = `answer=${table}.filter(function(m){try{return m[1]()===undefined}catch(e){return true}}).map(function(m){return m[0]})`;
    expect(JSON.parse(await actual(code))).toEqual([]);
  });

  it("lacks every method that the build calls missing", async () => {
    const subjects =
      '["[]","\'a\'","(5)","new Date(0)","/a/","{}","new Uint8Array(2)","new DataView(new ArrayBuffer(8))"]';
    const code = `answer=${JSON.stringify([...MISSING_METHODS])}.filter(function(name){
      return ${subjects}.some(function(subject){try{return eval("("+subject+")."+name)!==undefined}catch(e){return false}})})`;
    expect(JSON.parse(await actual(code))).toEqual([]);
  });
});
