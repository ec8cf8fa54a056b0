/** What can be taken home from a run: its report, the server's points, and texts that run it again at the desk. */
import { brokenBy, isSound } from "../../simulator/judgement.ts";
import type { Simulation } from "../../simulator/prepared-run.ts";
import { findScenario } from "../../simulator/scenarios/registry.ts";
import type { ScriptData } from "../../simulator/script-file.ts";
import type { Keepsake, RunSource } from "../protocol.ts";

/** Text that stands in a test; a longer recording is read from its file. */
const INLINE_CSV_MAX = 20_000;

export function keepsakeOf(source: RunSource, simulation: Simulation): Omit<Keepsake, "hash"> {
  const { report, problems } = simulation;
  const promise = isScenarios(source) ? findScenario(source.script.scenario ?? "")?.promise : undefined;
  const broken = brokenBy(simulation, promise);
  return {
    report,
    problems: [...problems, ...report.server.violations, ...broken],
    pointsCsv: pointsCsv(simulation),
    testText: testText(source, isSound(simulation)),
    scriptJson: `${JSON.stringify(source.script, null, 2)}\n`,
    command: commandOf(source),
  };
}

/** As `npm run simulate -- --points-out`. */
function pointsCsv({ points }: Simulation): string {
  const rows = [...points].sort((a, b) => Number(a.pin.slice(1)) - Number(b.pin.slice(1)) || a.ts - b.ts);
  return `pin,ts,value\n${rows.map((one) => `${one.pin},${one.ts},${one.value}\n`).join("")}`;
}

/** The script is a scenario's own, and nothing was clicked. */
function isScenarios({ script }: RunSource): boolean {
  const scenario = findScenario(script.scenario ?? "");
  if (scenario === undefined) return false;
  const own: ScriptData = { scenario: scenario.name, ...scenario.script(script.seed ?? 1), seed: script.seed };
  return sorted(own) === sorted(script);
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    one !== null && typeof one === "object" && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

function commandOf(source: RunSource): string {
  const { device, script } = source;
  if (device.kind !== "recording" && isScenarios(source)) {
    return `npm run simulate -- --scenario ${script.scenario} --seed ${script.seed}`;
  }
  const play = "--script script.json";
  if (device.kind === "file") return `npm run simulate -- ${play}`;
  if (device.kind === "recording") {
    const streams = device.streams === undefined ? "" : ` --streams "${device.streams}"`;
    const every = device.everyMs === undefined ? "" : ` --every ${device.everyMs}ms`;
    return `npm run simulate -- --data ${JSON.stringify(device.fileName)}${streams}${every} ${play}`;
  }
  return `the device of ${device.name} with a script of its own runs as a test only: copy the test`;
}

/** Lines that make `device`, and the imports that they need. */
function deviceLines({ device, script }: RunSource): { imports: string[]; lines: string[] } {
  if (device.kind === "file") return { imports: [], lines: ['  const device = { file: "firmware/device.ts" };'] };
  if (device.kind === "scenario") {
    return {
      imports: [
        'import { SCENARIOS } from "../../scripts/simulator/scenarios/registry.ts";',
        'import { deviceOf, type Scenario } from "../../scripts/simulator/scenarios/scenario.ts";',
      ],
      lines: [
        `  const scenario = SCENARIOS.find((one) => one.name === ${JSON.stringify(device.name)}) as Scenario;`,
        `  const device = deviceOf(scenario, ${script.seed});`,
      ],
    };
  }
  const { csv, fileName, streams, everyMs } = device;
  const options = JSON.stringify({ streams, everyMs });
  const isShort = csv.length <= INLINE_CSV_MAX;
  const name = JSON.stringify(fileName);
  const recording = isShort ? `parseRecording(${JSON.stringify(csv)}, ${name})` : `readRecording(${name})`;
  return {
    imports: [
      'import { recordedDevice } from "../../scripts/simulator/recorded-device.ts";',
      `import { ${isShort ? "parseRecording" : "readRecording"} } from "../../scripts/simulator/recording.ts";`,
    ],
    lines: [`  const { device } = recordedDevice(${recording}, ${options});`],
  };
}

function testText(source: RunSource, isSound: boolean): string {
  const { imports, lines } = deviceLines(source);
  const script = JSON.stringify(source.script, null, 2).replaceAll("\n", "\n  ");
  const scenario = source.script.scenario === "custom" ? "a run of the lab" : source.script.scenario;
  return [
    'import { expect, test } from "vitest";',
    ...imports,
    'import { type Script, simulate } from "../../scripts/simulator/simulate.ts";',
    "",
    `// Copied from the lab, where it ${isSound ? "passed" : "failed"}. It belongs into host-tests/scenarios/.`,
    `test(${JSON.stringify(`accounts for every sample in ${scenario}, seed ${source.script.seed}`)}, async () => {`,
    ...lines,
    `  const script: Script = ${script};`,
    "  const report = await simulate(device, script);",
    "  expect(report.server.violations).toEqual([]);",
    "  expect(report.balanced).toBe(true);",
    "});",
    "",
  ].join("\n");
}
