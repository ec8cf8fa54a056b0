/** What is run: a device and a script, from what the page or a link names. */

import type { Program, SimulatedDevice } from "../../simulator/device-source.ts";
import { durationMs } from "../../simulator/duration.ts";
import { UsageError } from "../../simulator/errors.ts";
import { type GeneratedDevice, isGenerated, membersOf } from "../../simulator/generated-device.ts";
import { recordedDevice } from "../../simulator/recorded-device.ts";
import { parseRecording } from "../../simulator/recording.ts";
import { findScenario, SCENARIOS } from "../../simulator/scenarios/registry.ts";
import { deviceOf, type Scenario } from "../../simulator/scenarios/scenario.ts";
import { type Script, startMs } from "../../simulator/script.ts";
import { parseScript, type ScriptData } from "../../simulator/script-file.ts";
import type { LabProgram } from "../program.ts";
import type { LabDevice, RunSource, ScenarioInfo, StreamInfo } from "../protocol.ts";

/** What a run begins with. */
export interface Prepared {
  source: RunSource;
  device: SimulatedDevice;
  program: Program;
  streams: StreamInfo[];
}

const DAY_MS = 86_400_000;

export function scenarioList(): ScenarioInfo[] {
  return SCENARIOS.map((scenario) => {
    const unable = usesFiles(scenario.script(1)) ? "its devices are files on the desk: npm run simulate" : undefined;
    return { name: scenario.name, about: scenario.about, ...(unable ? { unable } : {}) };
  });
}

/** A scenario's device and script. Throws UsageError. */
export function scenarioSource(name: string, seed: number): RunSource {
  const scenario = scenarioNamed(name);
  const device: LabDevice = "file" in deviceOf(scenario, seed) ? { kind: "file" } : { kind: "scenario", name };
  return { device, script: { scenario: name, ...plainScript(scenario.script(seed)), seed } };
}

/** Throws UsageError with what is wrong and where, or RecordingError. */
export function prepareSource(given: RunSource, program: LabProgram): Prepared {
  const script = checkedScript(given.script);
  script.seed ??= 1;
  script.scenario ??= "custom";
  const device = simulatedDevice(given.device, script, program);
  const source: RunSource = { device: given.device, script };
  const dated = { code: datedCode(program, startMs(script)) };
  if (!isGenerated(device)) {
    return { source, device, program: { ...dated, region: program.region }, streams: program.streams };
  }
  const { streams } = device;
  return { source, device, program: { ...dated, region: device.region, given: givenDevice(device) }, streams };
}

function scenarioNamed(name: string): Scenario {
  const scenario = findScenario(name);
  if (scenario) return scenario;
  throw new UsageError(`unknown scenario "${name}": choose one of ${SCENARIOS.map((one) => one.name).join(", ")}`);
}

function simulatedDevice(device: LabDevice, script: ScriptData, program: LabProgram): SimulatedDevice {
  if (device.kind === "file") return { file: program.file };
  if (device.kind === "scenario") {
    const found = deviceOf(scenarioNamed(device.name), script.seed ?? 1);
    return isGenerated(found) ? found : { file: program.file };
  }
  if (device.kind !== "recording") throw new UsageError("the device is no file, scenario or recording");
  const { csv, fileName, streams, everyMs } = device;
  const recorded = recordedDevice(parseRecording(csv, fileName), { streams, everyMs });
  script.start ??= recorded.firstRowMs;
  // A device that is always online has delivered everything after the first row. The recording is played to its end.
  if (script.offline === undefined) script.atLeast ??= recorded.playedMs;
  return recorded.device;
}

/** The script again, without what the page can't do. Throws UsageError. */
export function checkedScript(script: ScriptData): ScriptData {
  const checked = parseScript(JSON.stringify(script), "the script");
  if (usesFiles(checked)) {
    throw new UsageError("the script: devices names files, which a page can't read: use npm run simulate -- --script");
  }
  if (checked.server?.url !== undefined) {
    throw new UsageError(
      "the script: server.url needs sockets, which a page has not: use npm run simulate -- --server",
    );
  }
  // Durations that are no times are found here, not in the midst of a run.
  durationMs(checked.until ?? 0);
  return checked;
}

const usesFiles = (script: Script) => (script.devices ?? []).length > 0;

function plainScript(script: Script): ScriptData {
  return JSON.parse(JSON.stringify(script)) as ScriptData;
}

/** The program as it would be built a day before power-on, as `buildDevice` does it. */
function datedCode({ code, builtMs }: LabProgram, powerOnMs: number): string {
  const wanted = powerOnMs - DAY_MS;
  return code.replaceAll(String(builtMs), String(wanted)).replaceAll(String(builtMs - DAY_MS), String(wanted - DAY_MS));
}

/** What the program makes its device of (scripts/lab/program.ts). */
function givenDevice(device: GeneratedDevice): string {
  const datastreams = device.streams.map(({ pin, name, intervalMs, decimals }) => ({
    pin,
    name,
    intervalMs,
    decimals,
  }));
  return JSON.stringify({ ...membersOf(device), datastreams });
}
