/** The drivers of firmware/sensors on the interpreter, with sensor chips on fake buses: see contracts/lab.ts. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleFirmware } from "../../scripts/build/bundle.ts";
import { type Interpreter, makeFolder, startInterpreter } from "../../scripts/interpreter/interpreter.ts";
import { SENSOR_FAMILIES } from "./contracts/sensors.ts";
import { describeEspruino } from "./describe-espruino.ts";

describeEspruino("sensors on the interpreter", () => {
  const folder = makeFolder();
  let interpreters: Interpreter[] = [];

  beforeAll(async () => {
    const entry = new URL("./contracts/sensor-program.ts", import.meta.url).pathname;
    const { code } = await bundleFirmware({ entry });
    interpreters = SENSOR_FAMILIES.map((_, family) => {
      const script = `family-${family}.js`;
      writeFileSync(join(folder.path, script), `echo(false);global.FAMILY=${family};${code}`, "latin1");
      return startInterpreter(folder.path, script);
    });
  });

  afterAll(async () => {
    await Promise.all(interpreters.map((interpreter) => interpreter.kill()));
    folder.remove();
  });

  const all = SENSOR_FAMILIES.flatMap((contract, family) =>
    contract.map(({ title }, index) => ({ title, family, index })),
  );
  it.each(all)("$title", async ({ family, index }) => {
    const line = await interpreters[family].line(new RegExp(`^sensor ${index} `), 60_000);
    expect(line).toBe(`sensor ${index} kept`);
  });

  it("leaves no error on the console", async () => {
    for (const interpreter of interpreters) {
      await interpreter.line(/^sensors done/, 60_000);
      expect(interpreter.output()).not.toMatch(/Uncaught|removing it/);
    }
  });
});
