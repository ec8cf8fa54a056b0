import MagicString from "magic-string";
import { describe, expect, it } from "vitest";
import type { Script } from "../../../scripts/build/ast/parsed-script.ts";
import { buildFirmware } from "../../../scripts/build/build-firmware.ts";
import { bundleBare, bundleFirmware } from "../../../scripts/build/bundle.ts";
import { checkDialect, checkFlashed } from "../../../scripts/build/dialect/check-dialect.ts";
import { PASSES, type Pass, runPasses } from "../../../scripts/build/pipeline.ts";
import { runSimulation } from "../../../scripts/simulator/simulate.ts";

/** The whole firmware with two datastreams, whose sensors the simulator watches. */
const deviceSource = `
  const simulated = (global as any)["simulated"];
  const sensor = (pin: string, value: (ms: number) => number) => (done: any) =>
    simulated.sense(pin, (tell: any) => tell(value(simulated.trueMs())), done);
  export const device: any = {
    name: "passes",
    datastreams: [
      { pin: "v1", name: "ramp", intervalMs: 60000, decimals: 1, sensor: sensor("v1", (ms) => 20 + (ms / 60000) % 10) },
      { pin: "v2", name: "jumps", intervalMs: 90000, decimals: 0, sensor: sensor("v2", (ms) => (ms / 7000) % 1000) },
    ],
    server: { url: "https://blynk.cloud" },
    timeServers: ["time-a.example", "time-b.example"],
    region: "flash",
    button: { pin: "D0", activeLow: true },
    led: { pin: "D2", activeLow: false },
  };
  simulated.device(device);`;

const bare = await bundleBare({ deviceSource });

/** All that can be seen of a run: a power cut, lost answers, then everything is delivered. */
async function behaviour(script: Script) {
  const run = await runSimulation(
    { code: script.code },
    {
      seed: 5,
      offline: "2h",
      power: [{ at: "1h", kind: "cut" }],
      press: [{ at: "150m" }],
      http: [{ kind: "lost", share: 0.5, to: "3h" }],
      until: "5h",
      untilDrained: false,
    },
  );
  const { wallMs: _, ...report } = run.report;
  const { lines, points, uncaught, problems, boots } = run;
  return { report, lines, points, uncaught, problems, boots };
}

/** What is left after each pass, the bare script first. */
const after: Script[] = [bare.script];
for (const pass of PASSES) after.push(await pass.run(after[after.length - 1], bare.foreignTexts));
const plain = await behaviour(bare.script);

describe("the passes over the whole firmware", () => {
  it("each leave a script that can be parsed", () => {
    for (const [i, pass] of PASSES.entries()) expect(() => after[i + 1].program, pass.name).not.toThrow();
  });

  it("start from a firmware that keeps every sample in spite of a power cut and lost answers", () => {
    expect(plain).toMatchObject({ report: { balanced: true }, boots: 2, uncaught: [], problems: [] });
  });

  it("change nothing in what it does and logs", async () => {
    expect(await behaviour(after[PASSES.length])).toEqual(plain);
  });

  it.each([...new Set(PASSES.map((pass) => pass.name))])("change nothing either if %s is left out", async (name) => {
    const first = PASSES.findIndex((pass) => pass.name === name);
    const others = PASSES.slice(first).filter((pass) => pass.name !== name);
    const script = await runPasses(after[first], others, bare.foreignTexts);
    expect(await behaviour(script)).toEqual(plain);
  });

  it("leave nothing that Espruino misreads, here and with the device file of the repository", async () => {
    expect(checkFlashed(after[PASSES.length])).toEqual([]);
    expect(checkFlashed((await bundleFirmware()).script)).toEqual([]);
  });
});

/** A pass that replaces a text of the script. */
function planted(found: string, text: string): Pass {
  return {
    name: "planted",
    saves: 0,
    run(script) {
      const at = script.code.indexOf(found);
      if (at < 0) throw new Error(`no ${found} in ${script.code}`);
      return script.edited(new MagicString(script.code).update(at, at + found.length, text));
    },
  };
}

describe("what only a pass makes of a program", () => {
  const entry = new URL("../../support/entry.fixture.ts", import.meta.url).pathname;
  // The function moves to the place of its call, and its names become short.
  const deviceSource = `
    function levelOf(pin: { level: number }) {
      return pin.level;
    }
    export const device = { ask: () => setTimeout(() => levelOf({ level: 5 }), 7) };`;

  it.each([
    { what: "?.", found: "e.level", text: "e?.level", line: 3 },
    { what: "a variable called of", found: "e){return e", text: "of){return of", line: 2 },
    { what: "destructuring", found: "e){return e.level", text: "{level}){return level", line: 2 },
    { what: "spread", found: "{level:5}", text: "...[{level:5}]", line: 5 },
    { what: "Symbol, which Espruino lacks", found: "7)", text: "Symbol())", line: 5 },
  ])("is refused with the line of the TypeScript it stands for: $what", async ({ what, found, text, line }) => {
    const options = { entry, deviceSource, passes: [...PASSES, planted(found, text)] };
    const problems = await checkDialect(options);
    expect(problems.map((one) => one.text)).toContain(what);
    for (const one of problems) expect(one).toMatchObject({ file: expect.stringMatching(/device\.ts$/), line });
  });

  it("stops the build", async () => {
    const passes = [...PASSES, planted("var ", "Symbol();var ")];
    await expect(buildFirmware({ passes })).rejects.toThrow(/^firmware\/.*\.ts:\d+:\d+: Symbol, which Espruino lacks/);
  });
});
