import { describe, expect, it } from "vitest";
import { formatProblem } from "../../../scripts/build/bundle.ts";
import { findBreaches, trackedFiles } from "../../../scripts/checks/house-rules.ts";

const inFile = (path: string, text: string) => findBreaches([{ path, text }]).map(formatProblem);

const BREACHES: [promise: string, path: string, text: string, words: string][] = [
  [
    "Espruino's modules outside platform",
    "firmware/upload/x.ts",
    'require("Wifi");\n',
    "firmware/upload/x.ts:1:1: names require",
  ],
  ["Espruino's E outside platform", "firmware/storage/x.ts", "\nE.CRC32([]);\n", "firmware/storage/x.ts:2:1: names E"],
  ["a pin outside platform", "firmware/panel/x.ts", "print(D2);\n", "names D2"],
  ["a timer that is no port", "firmware/clock/x.ts", "setTimeout(() => {}, 1);\n", "names setTimeout"],
  [
    "storage that imports upload",
    "firmware/storage/x.ts",
    'import { a } from "../upload/a.ts";\na;\n',
    "may not import firmware/upload/a.ts",
  ],
  [
    "upload that imports an adapter",
    "firmware/upload/x.ts",
    'import { a } from "../platform/http.ts";\na;\n',
    "may not import firmware/platform/http.ts",
  ],
  [
    "clock that imports more than storage's types",
    "firmware/clock/x.ts",
    'import { a } from "../storage/a.ts";\na;\n',
    "may not import",
  ],
  [
    "the stand-in that imports firmware",
    "scripts/blynk-stand-in/x.ts",
    'import { a } from "../../firmware/limits.ts";\na;\n',
    "may not import",
  ],
  [
    "an import over several lines",
    "firmware/storage/x.ts",
    'import {\n  a,\n} from "../network/a.ts";\na;\n',
    "may not import",
  ],
  [
    "a test that silences the others",
    "host-tests/unit/x.test.ts",
    `it.${"only"}("x", () => {});\n`,
    "silences all others",
  ],
  ["a package registry", "README.md", `see https://registry.${"npmjs"}.org\n`, "registry's host"],
  ["a path of one machine", "README.md", `at "/${"home"}/me/x"\n`, "a path of one machine"],
  ["where packages were fetched from", "package-lock.json", '"resolved": "x"\n', "fetched from"],
  [
    "a function that is too long",
    "firmware/clock/x.ts",
    `export function f() {\n${"  f();\n".repeat(90)}}\n`,
    "f has 92 lines",
  ],
];

describe("the house rules", () => {
  for (const [promise, path, text, words] of BREACHES) {
    it(`find ${promise}`, () => expect(inFile(path, text).join("\n")).toContain(words));
  }

  it("let a name of Espruino's be a program's own, or a member", () => {
    expect(inFile("firmware/clock/x.ts", "export function f(print: { load(): void }) {\n  print.load();\n}\n")).toEqual(
      [],
    );
  });

  it("let types be imported where values may not", () => {
    expect(inFile("firmware/clock/x.ts", 'import type { A } from "../storage/a.ts";\nexport type B = A;\n')).toEqual(
      [],
    );
  });

  it("let a factory be as long as its functions together", () => {
    const inner = (name: string) => `  function ${name}() {\n${"    go();\n".repeat(40)}  }\n`;
    expect(
      inFile(
        "firmware/clock/x.ts",
        `export function create(go: () => void) {\n${inner("a")}${inner("b")}  return { a, b };\n}\n`,
      ),
    ).toEqual([]);
  });

  it("hold in this repository", () => {
    expect(
      findBreaches(trackedFiles())
        .filter((one) => !one.isAdvice)
        .map(formatProblem),
    ).toEqual([]);
  });
});
