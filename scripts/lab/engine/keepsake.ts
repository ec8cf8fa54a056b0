/** What can be taken home from a run: its report, the server's points, and texts that run it again at the desk. */
import { brokenBy, isSound } from "../../simulator/judgement.ts";
import type { Simulation } from "../../simulator/prepared-run.ts";
import { findScenario } from "../../simulator/scenarios/registry.ts";
import type { ScriptData } from "../../simulator/script-file.ts";
import type { Keepsake, RunSource } from "../protocol.ts";

/** Whose device a run without `--device` has. */
const DEFAULT_DEVICE = "firmware/device.ts";
/** Text that stands in a test; a longer recording is read from its file. */
const INLINE_CSV_MAX = 20_000;

export function keepsakeOf(source: RunSource, simulation: Simulation, deviceFile: string): Omit<Keepsake, "hash"> {
  const { report, problems } = simulation;
  const promise = isScenarios(source) ? findScenario(source.script.scenario ?? "")?.promise : undefined;
  const broken = brokenBy(simulation, promise);
  return {
    report,
    problems: [...problems, ...report.server.violations, ...broken],
    pointsCsv: pointsCsv(simulation),
    testText: testText(source, deviceFile, isSound(simulation) && broken.length === 0),
    scriptJson: `${JSON.stringify(source.script, null, 2)}\n`,
    command: commandOf(source, deviceFile),
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

function commandOf(source: RunSource, deviceFile: string): string {
  const { device, script } = source;
  const ofFile =
    device.kind === "file" && deviceFile !== DEFAULT_DEVICE ? ` --device ${JSON.stringify(deviceFile)}` : "";
  if (device.kind !== "recording" && isScenarios(source)) {
    return `npm run simulate --${ofFile} --scenario ${script.scenario} --seed ${script.seed}`;
  }
  const play = "--script script.json";
  if (device.kind === "file") return `npm run simulate --${ofFile} ${play}`;
  if (device.kind === "recording") {
    const streams = device.streams === undefined ? "" : ` --streams "${device.streams}"`;
    const every = device.everyMs === undefined ? "" : ` --every ${device.everyMs}ms`;
    return `npm run simulate -- --data ${JSON.stringify(device.fileName)}${streams}${every} ${play}`;
  }
  return `the device of ${device.name} with a script of its own runs as a test only: copy the test`;
}

interface TestParts {
  imports: string[];
  /** Lines that make `device`. */
  lines: string[];
}

function devicePart({ device, script }: RunSource, deviceFile: string): TestParts {
  if (device.kind === "file") {
    return { imports: [], lines: [`  const device = { file: ${JSON.stringify(deviceFile)} };`] };
  }
  if (device.kind === "scenario") {
    return {
      imports: ['import { deviceOf, type Scenario } from "../../scripts/simulator/scenarios/scenario.ts";'],
      lines: [
        `  const owner = findScenario(${JSON.stringify(device.name)}) as Scenario;`,
        `  const device = deviceOf(owner, ${script.seed});`,
      ],
    };
  }
  const { csv, fileName, streams, everyMs } = device;
  const isShort = csv.length <= INLINE_CSV_MAX;
  const name = JSON.stringify(fileName);
  const recording = isShort ? `parseRecording(${JSON.stringify(csv)}, ${name})` : `readRecording(${name})`;
  return {
    imports: [
      'import { recordedDevice } from "../../scripts/simulator/recorded-device.ts";',
      `import { ${isShort ? "parseRecording" : "readRecording"} } from "../../scripts/simulator/recording.ts";`,
    ],
    lines: [`  const { device } = recordedDevice(${recording}, ${JSON.stringify({ streams, everyMs })});`],
  };
}

function testText(source: RunSource, deviceFile: string, hasPassed: boolean): string {
  const { imports, lines } = devicePart(source, deviceFile);
  const { seed, scenario } = source.script;
  const isOwn = isScenarios(source);
  if (isOwn) imports.push('import { brokenBy } from "../../scripts/simulator/judgement.ts";');
  if (isOwn || source.device.kind === "scenario") {
    imports.push('import { findScenario } from "../../scripts/simulator/scenarios/registry.ts";');
  }
  const name = scenario === "custom" ? "a run of the lab" : scenario;
  return [
    'import { expect, test } from "vitest";',
    ...imports.sort(),
    'import { runSimulation, type Script } from "../../scripts/simulator/simulate.ts";',
    "",
    `// Copied from the lab, where it ${hasPassed ? "passed" : "failed"}. It belongs into host-tests/scenarios/.`,
    `test(${JSON.stringify(`accounts for every sample in ${name}, seed ${seed}`)}, async () => {`,
    ...lines,
    `  const script: Script = ${JSON.stringify(source.script, null, 2).replaceAll("\n", "\n  ")};`,
    "  const simulation = await runSimulation(device, script);",
    "  expect(simulation.problems).toEqual([]);",
    "  expect(simulation.report.server.violations).toEqual([]);",
    ...(isOwn
      ? [`  expect(brokenBy(simulation, findScenario(${JSON.stringify(scenario)})?.promise)).toEqual([]);`]
      : []),
    "});",
    "",
  ].join("\n");
}
