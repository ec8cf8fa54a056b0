/** The dialect's rules for numbers, texts, dictionaries, arrays, JSON, dates and errors: what they find, and what they leave. */
import { describe, expect, it } from "vitest";
import { Script } from "../../../scripts/build/ast/parsed-script.ts";
import { buildFirmware } from "../../../scripts/build/build-firmware.ts";
import { checkWritten } from "../../../scripts/build/dialect/check-dialect.ts";
import { findMisread } from "../../../scripts/build/dialect/misread.ts";

/** The ids of what is refused, and of what is only warned of with a question mark. */
const foundIn = (code: string) => findMisread(new Script(code)).map(({ id, unsure }) => (unsure ? `${id}?` : id));

const FOUND: [code: string, id: string][] = [
  ["function f(v) { return v.toFixed(1); } f;", "fixed-rounding"],
  ["(9.5 * 2).toFixed(0);", "fixed-rounding"],
  ["function round1(v) { return v; } round1(2).toFixed(1);", "fixed-rounding?"],
  ["var x1 = 3; var root = Math.sqrt(x1); for (var i = 0; i < 3; i++) print(root | 0);", "inexact-power"],
  ["function f(n) { return Math.ceil(2 * Math.pow(2, n) - 1); } f;", "inexact-power"],
  ["function f(n) { return -Math.sqrt(n) >> 1; } f;", "inexact-power"],
  ["function f(line) { return Number(line.split(';')[1]); } f;", "number-of-text?"],
  ["function f(line) { const parts = line.split(';'); return +parts[2]; } f;", "number-of-text?"],
  ["function f(line) { const text = line.substr(4); return Number(text); } f;", "number-of-text?"],
  ["function f(line) { return line.split(',').map(Number); } f;", "number-of-text?"],
  ["function f(a, b) { return a.replace(b, () => 1); } f;", "replace-function?"],
  ["function g() { return 1; } 'ab'.replace('a', g);", "replace-function"],
  ["function f(t, n) { return t.split(',', n); } f;", "split-limit?"],
  ["function f(t) { return t[-1]; } f;", "negative-index?"],
  ["const last = -1; function f(t) { return t[last]; } f;", "negative-index?"],
  ["const bytes = new Uint8Array(2); bytes[-2] = 1;", "negative-index"],
  ["const t = 'abc'; for (let i = 0; i < 3; i++) print(t[i - 1]);", "negative-index"],
  ["const b = new Uint8Array(9).subarray(2); for (let i = 0; i < 3; i++) b[i - 1] = i;", "negative-index"],
  ["function f(o, k) { return k in o; } f;", "in-operator?"],
  ["function f(o) { return 'clone' in o; } f;", "in-operator"],
  ["function f(o, k) { return 'o' + k in o; } f;", "in-operator?"],
  ["const seen = {}; function f(k) { if (seen[k]) return 1; seen[k] = true; return 0; } f;", "dictionary-read?"],
  ["function f(o) { for (const k in o) if (o[k] === 0) delete o[k]; } f;", "for-in-changes"],
  ["function f(o) { for (const k in o.all) delete o.all[k]; } f;", "for-in-changes"],
  ["function f(o) { for (const k in o) o['x' + k] = 1; } f;", "for-in-changes?"],
  ["function f(a) { for (const x of a) if (x === 1) a.splice(0, 1); } f;", "list-changes"],
  ["function f(o) { o.jobs.forEach(() => { o.jobs.shift(); }); } f;", "list-changes"],
  ["function F() { this.jobs = []; this.jobs.map((x) => this.jobs.push(x)); } F;", "list-changes"],
  ["const f = Array.prototype.slice; f;", "prototype-method"],
  ["Function.prototype.call.call(print, 1);", "prototype-method"],
  ["function f(a, b) { if (arguments.length < 2) return 0; return b + a; } f;", "arguments-length"],
  ["function f(a, b) { if (2 > arguments.length) return 0; return b + a; } f;", "arguments-length"],
  ["function f(a) { switch (arguments.length) { case 0: return 0; } return a; } f;", "arguments-length"],
  ["function f(a) { return a.sort((x, y) => x.value - y.value); } f;", "unstable-sort?"],
  ["const o = { list: [1] }; function f() { o.list.length = 0; } f;", "array-length"],
  ["class A { constructor() { this.list = []; } clear() { this.list.length = 0; } } A;", "array-length"],
  ["const keep = (k, v) => v; JSON.stringify({}, keep);", "json-filter"],
  ["JSON.parse('{}', (k, v) => v);", "json-filter"],
  ["function f(t) { const at = Date.parse(t); return !isNaN(at); } f;", "date-nan"],
  ["function f(t) { return isFinite(new Date(t).getTime()); } f;", "date-nan"],
  ["const now = new Date(); Math.floor(now);", "date-as-number"],
  ["new Date('2024-02');", "date-text"],
  ["Date.parse('2024-02-01 12:00:00');", "date-text"],
  ["function f(e) { return e instanceof Error ? e.message : e; } f;", "error-class"],
  ["try { print(); } catch (e) { print(e.name); }", "error-name?"],
];

const LEFT: [promise: string, code: string][] = [
  ["a number that a variable keeps rounded", "const shown = Math.round(21.55 * 10) / 10; shown.toFixed(1);"],
  [
    "a whole number with decimals behind it",
    "new Uint8Array(2)[0].toFixed(1); [1].length.toFixed(2); (7 | 0).toFixed(1);",
  ],
  ["a number rounded to a scale", "function f(v, scale) { return (Math.round(v * scale) / scale).toFixed(2); } f;"],
  ["a root in a sum", "function rms(a, b) { return Math.sqrt(a * a + b * b) / 2; } rms;"],
  ["a root with a margin", "function f(n) { return Math.floor(Math.sqrt(n) + 1e-9); } f;"],
  ["a power of ten", "function f(v, digits) { return Math.floor(v * Math.pow(10, digits)); } f;"],
  ["a program's own sqrt", "var lib = { sqrt: (x) => x }; Math.floor(lib.sqrt(25));"],
  ["a number of a whole text", "function f(text) { return Number(text) + Number(text.trim()); } f;"],
  ["the first part of a text", "function f(line) { return Number(line.split(' ')[0]); } f;"],
  ["a field of fixed width", "function f(frame) { return Number(frame.substr(3, 6)) + Number(frame.slice(-3)); } f;"],
  ["a comma made a point in a trimmed text", "function f(t) { return Number(t.trim().replace(',', '.')); } f;"],
  [
    "a function for a regular expression that a variable keeps",
    "const digit = /\\d/g; 'a1'.replace(digit, () => 'x');",
  ],
  ["a program's own split", "const list = { split(a, b, c) { return a + b + c; } }; list.split('a', ['b'], true);"],
  ["a list read below 0", "const a = [1, 2]; a[-1] === undefined;"],
  ["an index below i, behind a test", "const t = 'abc'; for (let i = 0; i < 3; i++) if (i > 0) print(t[i - 1]);"],
  [
    "an index below i, behind continue",
    "const t = 'abc'; for (let i = 0; i < 3; i++) { if (i === 0) continue; print(t[i - 1]); }",
  ],
  ["an index below i in a loop from 1", "const t = 'abc'; for (let i = 1; i < 3; i++) print(t[i - 1]);"],
  ["a member that the program names", "function f(o) { return 'a' in o; } f;"],
  [
    "a number in a list",
    "const a = [1]; function f(k) { return k in a; } for (let i = 0; i < 2; i++) print(i in a, f(i));",
  ],
  [
    "keys with a beginning of their own",
    "const seen = {}; function f(n) { seen['v' + n] = 1; return seen['v' + n]; } f;",
  ],
  [
    "a dictionary that is asked first",
    "const o = {}; function f(k) { if (!o.hasOwnProperty(k)) o[k] = 0; return o[k]; } f;",
  ],
  [
    "a dictionary that is read by its own keys",
    "const o = {}; function f(k) { o[k] = 1; for (const x in o) print(o[x]); } f;",
  ],
  ["a table by numbers", "const o = {}; for (let i = 0; i < 4; i++) o[i] = i; o[3];"],
  [
    "a key deleted right before the loop ends",
    "function f(o) { for (const k in o) { if (o[k]) { delete o[k]; break; } } } f;",
  ],
  [
    "an item removed right before the loop ends",
    "function f(a) { for (const x of a) { if (x) { a.splice(0, 1); return; } } } f;",
  ],
  [
    "an item added to another list",
    "function f(a, b) { a.forEach((x) => b.push(x)); for (const x of a) b.shift(x); } f;",
  ],
  [
    "a loop over a copy",
    "function f(a) { for (const x of a.slice()) a.splice(x, 1); a.slice().forEach((x) => a.push(x)); } f;",
  ],
  ["a method set on a prototype", "Array.prototype.last = function () { return this[this.length - 1]; };"],
  ["hasOwnProperty by its prototype", "Object.prototype.hasOwnProperty.call({}, 'a');"],
  ["arguments.length without declared arguments", "function f() { return arguments.length < 2; } f;"],
  ["more arguments than the declared one", "function f(a) { return arguments.length > 1 ? arguments[1] : a; } f;"],
  [
    "a loop over the arguments",
    "function f(a) { for (var i = 1; i < arguments.length; i++) print(arguments[i], a); } f;",
  ],
  [
    "a sort of numbers, and one with a second comparison",
    "[1].sort((a, b) => a - b); [{}].sort((a, b) => a.x - b.x || a.y - b.y);",
  ],
  ["a length that is a record's", "const o = { frame: { length: 3 } }; o.frame.length = 0;"],
  ["JSON with an indent", "JSON.stringify({}, null, 2); JSON.parse('{}');"],
  ["a test of a number", "function f(v) { return isNaN(v) || isNaN(new Date(5).getTime()); } f;"],
  [
    "dates that Espruino reads",
    "Date.parse('2024-02-01T10:00:00.5+02:00'); new Date('Thu, 01 Feb 2024 10:00:00 GMT');",
  ],
  ["a class of the program's own", "class Fault {} function f(e) { return e instanceof Fault; } f;"],
  ["the name of what is no error", "const sensor = { name: 'a' }; sensor.name;"],
];

describe("the rules for data", () => {
  it("come to an end with variables that are set to themselves", () => {
    const names = "var a = b; var b = a; var n = n + 1; var k = k ? k : k; var r = r / 2; var t = t + 'x'; var o = {};";
    const roots = "var p = Math.sqrt(2) + q; var q = p + 1; var s = Math.sqrt(s);";
    const uses = "o[t] = 1; print(a[n], b, k, o[t], t in o, r.toFixed(1), n.toFixed(1), +t, q, s);";
    expect(foundIn(names + roots + uses)).toContain("fixed-rounding");
  });

  it.each(FOUND)("find in %s the fault %s", (code, id) => expect(foundIn(code)).toContain(id));
  it.each(LEFT)("leave %s", (_, code) => expect(foundIn(code)).toEqual([]));
});

const entry = new URL("../../support/entry.fixture.ts", import.meta.url).pathname;
const device = (sensor: string) => `import { custom } from "./sensors/custom.ts";
import type { Device } from "./device-types.ts";
export const device: Device = {
  name: "rules",
  datastreams: [{ pin: "v1", name: "one", intervalMs: 60000, decimals: 1, sensor: custom(() => ${sensor}) }],
  server: { url: "https://blynk.cloud" },
  timeServers: ["pool.ntp.org"],
  region: "flash",
};
`;

describe("the build of a device file", () => {
  it("refuses what goes wrong, with file, line and what to write instead", async () => {
    const { problems } = await checkWritten({ entry, deviceSource: device("Number((9.96 * 2).toFixed(1))") });
    expect(problems).toMatchObject([
      { line: 5, text: expect.stringMatching(/^toFixed\(\) of a number that is not rounded/) },
    ]);
    expect(problems[0].file).toMatch(/device\.ts$/);
    expect(problems[0].instead).toContain("Math.round");
  });

  it("warns of what goes wrong with some data only, and builds", async () => {
    const deviceSource = device('Number("1;2".split(";")[1])');
    expect((await checkWritten({ entry, deviceSource })).problems).toEqual([]);
    const { plan } = await buildFirmware({ deviceSource });
    expect(plan.warnings.filter((text) => text.includes("white space"))).toMatchObject([
      expect.stringMatching(/device\.ts:5:\d+: a number from a part of a text.*Instead: Number\(text\.trim\(\)\)/),
    ]);
  });

  it("warns of nothing in the firmware", async () => expect((await checkWritten()).warnings).toEqual([]));
});
