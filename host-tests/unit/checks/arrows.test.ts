import { describe, expect, it } from "vitest";
import { complaintsAbout } from "./in-file.ts";

const BACK_ARROWS: [title: string, path: string, text: string, target: string][] = [
  ["firmware on scripts", "firmware/clock/x.ts", 'import { a } from "../../scripts/a.ts";\na;\n', "scripts/a.ts"],
  ["main on scripts", "firmware/main.ts", 'import { a } from "../scripts/build/a.ts";\na;\n', "scripts/build/a.ts"],
  ["firmware on tests", "firmware/x.ts", 'import { a } from "../host-tests/a.ts";\na;\n', "host-tests/a.ts"],
  ["scripts on tests", "scripts/build/x.ts", 'import { a } from "../../host-tests/a.ts";\na;\n', "host-tests/a.ts"],
  ["a command on tests", "scripts/x.ts", 'import { a } from "../host-tests/a.ts";\na;\n', "host-tests/a.ts"],
  ["storage on upload", "firmware/storage/x.ts", 'import { a } from "../upload/a.ts";\na;\n', "firmware/upload/a.ts"],
  [
    "the bytes of the format on the ring",
    "firmware/storage/format/x.ts",
    'import { a } from "../ring/a.ts";\na;\n',
    "firmware/storage/ring/a.ts",
  ],
  [
    "upload on an adapter",
    "firmware/upload/x.ts",
    'import { a } from "../platform/http.ts";\na;\n',
    "firmware/platform/http.ts",
  ],
  [
    "the clock on more than storage's types",
    "firmware/clock/x.ts",
    'import { a } from "../storage/a.ts";\na;\n',
    "firmware/storage/a.ts",
  ],
  [
    "the stand-in on firmware",
    "scripts/blynk-stand-in/x.ts",
    'import { a } from "../../firmware/limits.ts";\na;\n',
    "firmware/limits.ts",
  ],
  [
    "the stand-in on types of the firmware",
    "scripts/blynk-stand-in/x.ts",
    'import type { A } from "../../firmware/limits.ts";\nexport type B = A;\n',
    "firmware/limits.ts",
  ],
  [
    "the stand-in on the simulator",
    "scripts/blynk-stand-in/x.ts",
    'import { a } from "../simulator/a.ts";\na;\n',
    "scripts/simulator/a.ts",
  ],
  [
    "the simulator on the console",
    "scripts/simulator/x.ts",
    'import { a } from "../console/unit/a.ts";\na;\n',
    "scripts/console/unit/a.ts",
  ],
  [
    "the build on the simulator",
    "scripts/build/x.ts",
    'import { a } from "../simulator/a.ts";\na;\n',
    "scripts/simulator/a.ts",
  ],
  [
    "a module on a command",
    "scripts/console/x.ts",
    'import { a } from "../flash.ts";\na;\n',
    "scripts/flash.ts, a command",
  ],
];

/** Each names scripts/simulator/a.ts from a file of the console, which may not. */
const FORMS: [form: string, text: string][] = [
  ["an import of several lines", 'import {\n  a,\n} from "../simulator/a.ts";\na;\n'],
  ["an import for its effect", 'import "../simulator/a.ts";\n'],
  ["an export of what another file has", 'export { a } from "../simulator/a.ts";\n'],
  ["an export of all that another file has", 'export * from "../simulator/a.ts";\n'],
  ["an import of types", 'import type { A } from "../simulator/a.ts";\nexport type B = A;\n'],
  ["a type by import", 'export type B = import("../simulator/a.ts").A;\n'],
  ["an import at run time", 'export const a = await import("../simulator/a.ts");\n'],
  ["an import at run time of a template", "export const a = await import(`../simulator/a.ts`);\n"],
  ["the address of a file", 'export const a = new URL("../simulator/a.ts", import.meta.url);\n'],
];

/** Each names the room behind it. */
const CONSOLE_ROOMS: [room: string, later: string][] = [
  ["terminal", "transport"],
  ["transport", "unit"],
  ["unit", "stored-data"],
  ["stored-data", "doctor"],
];

describe("the arrows", () => {
  it.each(CONSOLE_ROOMS)("let the console's room %s be imported by %s, not import from it", (room, later) => {
    const importing = (one: string) => `import { a } from "../${one}/a.ts";\na;\n`;
    expect(complaintsAbout(`scripts/console/${room}/x.ts`, importing(later))).toContain(
      `scripts/console/${room}/ may not import scripts/console/${later}/a.ts`,
    );
    expect(complaintsAbout(`scripts/console/${later}/x.ts`, importing(room))).toBe("");
  });

  it.each(BACK_ARROWS)("forbid %s", (_, path, text, target) => {
    expect(complaintsAbout(path, text)).toContain(`may not import ${target}`);
  });

  it.each(FORMS)("see %s", (_, text) => {
    expect(complaintsAbout("scripts/console/x.ts", text)).toContain("may not import scripts/simulator/a.ts");
  });

  it("see a device file's name for the firmware", () => {
    for (const name of ["limits", "limits.ts"]) {
      const text = `import { a } from "espruino-backfill/${name}";\na;\n`;
      expect(complaintsAbout("scripts/blynk-stand-in/x.ts", text)).toContain("may not import firmware/limits.ts");
    }
  });

  it("tell the line of an import", () => {
    const text = '\n\nimport { a } from "../simulator/a.ts";\na;\n';
    expect(complaintsAbout("scripts/console/x.ts", text)).toContain("scripts/console/x.ts:3:1: ");
  });

  it("let types be imported where values may not", () => {
    const text = 'import type { A } from "../storage/a.ts";\nexport type B = A;\n';
    expect(complaintsAbout("firmware/clock/x.ts", text)).toBe("");
  });

  it("let tests and commands import a command", () => {
    expect(complaintsAbout("scripts/x.ts", 'import { a } from "./flash.ts";\na;\n')).toBe("");
    expect(complaintsAbout("host-tests/field/x.test.ts", 'import { a } from "../../scripts/flash.ts";\na;\n')).toBe("");
  });

  it("let packages and addresses of the network be", () => {
    expect(
      complaintsAbout("scripts/build/x.ts", 'import "acorn";\nexport const a = new URL("./a", "http://x");\n'),
    ).toBe("");
  });
});
