/**
 * The simulator's public face. `simulate(device, script)` runs the built firmware with a device file in a simulated
 * ESP32, on virtual time, and reports what became of every sample. README.md has an example and the defaults.
 * The same device, script and seed give the same run.
 */
import { buildDevice, type Overrides, type Program, type SimulatedDevice } from "./device-source.ts";
import { durationMs } from "./duration.ts";
import { createRealServer, type RealServer } from "./network/real-server.ts";
import { prepareRun, type Simulation } from "./prepared-run.ts";
import { runUnit } from "./run.ts";
import { type Script, startMs } from "./script.ts";
import type { Report } from "./simulation-report.ts";
import type { World } from "./world.ts";

export type { GeneratedDevice, Program, SimulatedDevice, SimulatedStream } from "./device-source.ts";
export { type Duration, durationMs, type Window } from "./duration.ts";
export { SimulationError } from "./errors.ts";
export type { Exchange } from "./network/http-server.ts";
export type { Simulation } from "./prepared-run.ts";
export type { ClockClaim } from "./run.ts";
export type * from "./script.ts";
export type { Report, ServerPoint, StreamReport } from "./simulation-report.ts";

/**
 * Runs a device through a script and reports. Rejects with BundleError, DeviceFileError, SimulationError or an Error about
 * the script.
 */
export async function simulate(device: SimulatedDevice, script: Script = {}): Promise<Report> {
  return (await runSimulation(device, script)).report;
}

/** As `simulate`, with everything that can be looked at. */
export async function runSimulation(device: SimulatedDevice, script: Script = {}): Promise<Simulation> {
  const began = performance.now();
  const seed = script.seed ?? Number(process.env.SIM_SEED ?? 1);
  const program = await buildDevice(device, startMs(script));
  const laterPrograms = await buildLater(device, script);
  const connections = (world: World) => connectionsOf(script, world);
  const prepared = prepareRun({ device, program, laterPrograms, script, seed, connections });
  const { world, unit, real } = prepared;
  unit.board.powerOn();
  const outcome = await runUnit(unit, world, real);
  return prepared.found(outcome, performance.now() - began);
}

/** The programs of `script.devices`, in order. What the run overrides in the first device holds for them too. */
async function buildLater(device: SimulatedDevice, script: Script): Promise<{ atMs: number; program: Program }[]> {
  const { intervalMs, plainHttp } = "file" in device || "source" in device ? device : ({} as Overrides);
  const built: { atMs: number; program: Program }[] = [];
  for (const { at, file } of script.devices ?? []) {
    const program = await buildDevice({ file, intervalMs, plainHttp }, startMs(script));
    built.push({ atMs: durationMs(at), program });
  }
  return built.sort((a, b) => a.atMs - b.atMs);
}

function connectionsOf({ server }: Script, world: World): RealServer | undefined {
  if (server?.url === undefined) return undefined;
  return createRealServer({
    nowTrueMs: world.trueMs,
    inSimulatedTime: server.behind !== undefined,
    route: server.route,
  });
}
