/** The interpreter writes numbers in its own way: those that the firmware leaves to it are compared with exact decimals. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bundleFirmware } from "../../scripts/build/bundle.ts";
import { makeFolder, runScript } from "../../scripts/interpreter/interpreter.ts";
import { describeEspruino } from "./describe-espruino.ts";

/** Runs a script and returns its lines that look like JSON arrays. */
async function numbersOf(script: string): Promise<string[]> {
  const folder = makeFolder();
  try {
    writeFileSync(join(folder.path, "numbers.js"), `${script}\nquit();`);
    const output = await runScript(folder.path, "numbers.js", 60_000);
    return output.split("\n").filter((line) => line.startsWith("["));
  } finally {
    folder.remove();
  }
}

/** The shortest exact decimal of a scaled integer, made from its digits. */
function decimal(scaled: number, decimals: number): string {
  const digits = String(Math.abs(scaled)).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  const text = fraction === "" ? whole : `${whole}.${fraction}`;
  return scaled < 0 && text !== "0" ? `-${text}` : text;
}

describeEspruino("numbers as text", () => {
  // The step of 97 is prime, so that every last digit occurs at every magnitude. Small values are tried one by one.
  it.each([0, 1, 2, 3, 4])(
    "divides scaled integers below a million by 10^%i exactly",
    { timeout: 60_000 },
    async (decimals) => {
      const divisor = 10 ** decimals;
      const lines = await numbersOf(`
      function row(from, step) {
        var text = "";
        for (var i = 0; i < 500; i++) text += "," + (from + i * step) / ${divisor};
        print("[" + text.substr(1) + "]");
      }
      for (var k = 0; k < 24; k++) row(-6000 + k * 500, 1);
      for (var n = 0; n < 40; n++) row(-999999 + n * 50000 + n, 97);
      row(999500, 1); row(-999999, 1);
    `);
      expect(lines).toHaveLength(66);
      const starts: [number, number][] = [];
      for (let k = 0; k < 24; k++) starts.push([-6000 + k * 500, 1]);
      for (let n = 0; n < 40; n++) starts.push([-999999 + n * 50000 + n, 97]);
      starts.push([999500, 1], [-999999, 1]);
      starts.forEach(([from, step], row) => {
        const exact = Array.from({ length: 500 }, (_, i) => decimal(from + i * step, decimals));
        expect(lines[row]).toBe(`[${exact.join(",")}]`);
      });
    },
  );

  it("writes 13-digit timestamps in full", async () => {
    const lines = await numbersOf(`
      for (var n = 0; n < 20; n++) {
        var text = "";
        for (var i = 0; i < 500; i++) text += "," + Math.floor(1000000000000.5 + n * 449999999999 + i * 859999 * (n + 1));
        print("[" + text.substr(1) + "]");
      }
    `);
    expect(lines).toHaveLength(20);
    lines.forEach((line, n) => {
      const exact = Array.from({ length: 500 }, (_, i) => 1000000000000 + n * 449999999999 + i * 859999 * (n + 1));
      expect(line).toBe(`[${exact.join(",")}]`);
    });
  });

  it("writes integers of up to eleven digits exactly, so they need no help", async () => {
    const values = Array.from({ length: 500 }, (_, i) => (i - 250) * 137438953 + (i % 7));
    const script = `var text = ""; for (var x of ${JSON.stringify(values)}) text += "," + x / 1; print("[" + text.substr(1) + "]");`;
    expect(await numbersOf(script)).toEqual([JSON.stringify(values)]);
  });

  it.each([0, 1, 2, 3, 4])("places the point of larger values by hand, with %i decimals", async (decimals) => {
    const { code } = await bundleFirmware({ entry: new URL("./contracts/decimals.ts", import.meta.url).pathname });
    const values = Array.from(
      { length: 400 },
      (_, i) => (i % 2 ? -1 : 1) * (999_990 + i * i * i * 527 + (i % 10) * 1000),
    );
    const lines = await numbersOf(
      `${code};print(JSON.stringify(decimalTexts(${JSON.stringify(values)},${decimals})));`,
    );
    expect(JSON.parse(lines[0])).toEqual(values.map((value) => decimal(value, decimals)));
  });

  it("divides inexactly beyond a million, so the point of larger values is placed by hand", async () => {
    expect(await numbersOf(`print("[" + 123457811 / 100 + "]");`)).not.toEqual(["[1234578.11]"]);
  });

  it("parses inexactly, so readings are never read back from text", async () => {
    expect(await numbersOf('print(JSON.stringify([Number("0.3")===3/10]));')).toEqual(["[false]"]);
  });
});
