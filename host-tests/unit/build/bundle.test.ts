import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, it } from "vitest";
import { BundleError, bundleFirmware } from "../../../scripts/build/bundle.ts";
import { firmwareFile } from "../../../scripts/build/device-plugin.ts";
import { findMisread } from "../../../scripts/build/dialect/misread.ts";
import { PASSES } from "../../../scripts/build/pipeline.ts";

const entry = new URL("../../support/entry.fixture.ts", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "bundle-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the bundle logs when it runs without Node's globals. */
function run(code: string): unknown[] {
  const logged: unknown[] = [];
  runInNewContext(code, {
    console: { log: (value: unknown) => logged.push(JSON.stringify(value)) },
    require: (name: string) => name,
  });
  return logged;
}

const REFUSED: [what: string, source: string][] = [
  ["destructuring", "const { a } = { a: 1 };\nexport const device = a;"],
  ["rest arguments", "const f = (...a: number[]) => a;\nexport const device = f(1);"],
  ["default arguments", "const f = (a = 1) => a;\nexport const device = f();"],
  ["array spread", "export const device = [...[1]];"],
  ["async functions", "export const device = async () => 1;"],
  ["generator functions", "export const device = function* () { yield 1; };"],
];

describe("the bundle", () => {
  it("takes the source of a device in place of the firmware's device file", async () => {
    const { code, bytes } = await bundleFirmware({ entry, deviceSource: "export const device: object = { mine: 1 };" });
    expect(run(code)).toEqual(['{"mine":1}']);
    expect(bytes).toBe(code.length);
  });

  it("takes a device file from any folder, which names the firmware's files by relative path or by package", async () => {
    const deviceFile = join(folder, "shed.ts");
    writeFileSync(
      deviceFile,
      `import type { Device } from "./device-types.ts";
       import { LIMITS } from "./limits.ts";
       import { VERDICT } from "espruino-backfill/verdict.ts";
       import { SCALES } from "espruino-backfill/storage/format/decimal";
       export const device = { pins: LIMITS.pinMax, sent: VERDICT.allSent, scale: SCALES[1] } as unknown as Device;`,
    );
    expect(run((await bundleFirmware({ entry, deviceFile })).code)).toEqual(['{"pins":255,"sent":0,"scale":10}']);
  });

  it.each(["limits", "limits.ts", "sensors/analog"])(
    "finds espruino-backfill/%s where Node.js and tsc find it",
    (name) => {
      const { resolve } = createRequire(import.meta.url);
      expect(firmwareFile(`espruino-backfill/${name}`)).toBe(resolve(`espruino-backfill/${name}`));
    },
  );

  it("calls Espruino's own require by its name, with the name of the module", async () => {
    const { code } = await bundleFirmware({ entry, deviceSource: 'export const device = require("DS18B20");' });
    expect(code).toContain('require("DS18B20")');
    expect(run(code)).toEqual(['"DS18B20"']);
  });

  it("leaves no name among the console's globals, where it would hide a pin", async () => {
    const { code } = await bundleFirmware({ entry, deviceSource: "export const device = 1;" });
    const globals = { console: { log: () => {} } };
    runInNewContext(code, globals);
    expect(Object.keys(globals)).toEqual(["console"]);
  });

  for (const [what, deviceSource] of REFUSED) {
    it(`refuses ${what} with file, line and what to write instead`, async () => {
      const error = await bundleFirmware({ entry, deviceSource }).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(BundleError);
      expect(error.problems[0]).toMatchObject({ line: 1, text: `Espruino does not understand ${what}` });
      expect(error.problems[0].file).toMatch(/device\.ts$/);
      expect(error.problems[0].instead).not.toBe(undefined);
    });
  }

  it("gives no variable the name `of`, and keeps for…of and members called `of`", async () => {
    const deviceSource = `
      const of = [1, 2];
      const o = { of: of };
      let sum = 0;
      for (const x of of) sum += x;
      export const device = [sum, o.of.length, of.length];`;
    const passes = PASSES.filter((pass) => pass.name === "of-names");
    const { code, script } = await bundleFirmware({ entry, deviceSource, passes });
    expect(run(code)).toEqual(["[3,2,2]"]);
    expect(findMisread(script)).toEqual([]);
  });

  it("names the device file that it can't find", async () => {
    await expect(bundleFirmware({ deviceFile: "no/such.ts" })).rejects.toThrow("no such device file: no/such.ts");
  });
});
