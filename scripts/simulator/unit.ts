/** One simulated unit: an ESP32 with its firmware, its network and the record of its readings. */
import type { DeviceStatus } from "../../firmware/status-types.ts";
import type { BlynkStandIn } from "../blynk-stand-in/stand-in.ts";
import { pinNumber } from "./audit.ts";
import { createCrystal } from "./crystal.ts";
import type { Program, SimulatedDevice } from "./device-source.ts";
import { SimulationError } from "./errors.ts";
import type { SimulatedFlash } from "./flash.ts";
import { createNetwork, type Network } from "./network/network.ts";

import type { RealServer } from "./network/real-server.ts";
import { createDeviceFlash, LEDGER_PAGES, REGIONS, type Region } from "./partitions.ts";

import type { Prng } from "./prng.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import type { AccessPoint, Script } from "./script.ts";
import { analogLevel, createSensors, type FoundDevice } from "./sensors.ts";
import { type Board, createBoard } from "./simulated-board.ts";
import { schedule, type Timeline } from "./timeline.ts";
import type { World } from "./world.ts";

export interface Unit {
  script: Script;
  board: Board;
  network: Network;
  recorder: Recorder;
  flash: SimulatedFlash;
  region: Region;
  timeline: Timeline;
  /** Of each pin, as the device file says. */
  decimals: Map<number, number>;
  /** The device file that runs, as far as a reader of the run needs it; undefined before the first boot. */
  found(): FoundDevice | undefined;
}

export interface UnitOptions {
  device: SimulatedDevice;
  /** The device's own, from `buildDevice`. */
  program: Program;
  /** Programs that take its place at the first boot after a time in ms, in order. */
  laterPrograms?: { atMs: number; program: Program }[];
  script: Script;
  world: World;
  standIn: BlynkStandIn;
  /** Takes the place of the stand-in, or stands before it. */
  real?: RealServer;
  root: Prng;
  token: string;
  /** Its place in a fleet. Default 0. */
  index?: number;
  /** Called when the program sets the electrical level of a pin. */
  onLevel?(pin: number, level: number): void;
}

const ACCESS_POINT: AccessPoint = { ssid: "simulated", password: "correct horse" };
/** Of units number 0; the MAC address counts on from here. */
const SERIAL = 0x77;
/** Cells that a cut left half programmed answer at random for up to this many reads. */
const UNSTABLE_READS = 3;

/** Puts a unit into a world; its power is off. */
export function createUnit(options: UnitOptions): Unit {
  const { device, program, script, world, root } = options;
  const decimals = new Map<number, number>();
  const crystal = createCrystal(script.crystal ?? {});
  const recorder = createRecorder(world, crystal);
  recorder.accountLost = (script.flash ?? []).some((harm) => "page" in harm && harm.page < LEDGER_PAGES);
  const prng = root.fork("network");
  const network = createNetwork({ world, prng, script, standIn: options.standIn, real: options.real });
  network.onTime(recorder.timeTold);
  const region = regionOf(program);
  for (const { program: later } of options.laterPrograms ?? []) {
    if (later.region !== region.label) {
      throw new Error(`devices: a device file with another region than ${region.label} leaves the samples behind`);
    }
  }
  const flash = createDeviceFlash(region, root.fork("flash").next, UNSTABLE_READS);
  const noise = root.fork("sensors");
  let found: FoundDevice | undefined;
  const board = createBoard({
    world,
    crystal,
    prng: root.fork("board"),
    flash,
    region,
    network,
    script,
    recorder,
    accessPoints: [ACCESS_POINT, ...(script.accessPoints ?? [])],
    files: new Map([["backfill.json", JSON.stringify(settingsOf(script, options.token))]]),
    code: () => programAt(options, world.nowMs()).code,
    serial: `00000000-02000000-${(SERIAL + (options.index ?? 0)).toString(16).padStart(8, "0")}`,
    analog: (pin, elapsedMs) => analogLevel(pin, elapsedMs, noise),
    onLevel: options.onLevel,
    extras: () => ({
      simulated: createSensors({
        device,
        world,
        board,
        recorder,
        faults: script.sensors ?? [],
        decimals,
        given: program.given,
        onFound(device) {
          found = device;
        },
      }),
    }),
  });
  board.onBoot = () => settleUndecided(board, recorder);
  const timeline = schedule({ world, board, script, flash, region });
  return { script, board, network, recorder, flash, region, timeline, decimals, found: () => found };
}

/** What `backfill.status()` answers, with no time passing. Undefined while the device is off or boots. */
export function askStatus(board: Board): DeviceStatus | undefined {
  return board.ask(["backfill", "status"]) as DeviceStatus | undefined;
}

function programAt({ program, laterPrograms }: UnitOptions, nowMs: number): Program {
  let now = program;
  for (const later of laterPrograms ?? []) if (later.atMs <= nowMs) now = later.program;
  return now;
}

function regionOf(program: Program): Region {
  const label = program.region ?? "flash";
  const region = REGIONS.find((one) => one.label === label);
  if (region) return region;
  throw new SimulationError(`no region "${label}": ${REGIONS.map((one) => one.label).join(" or ")}`);
}

/** The unit's `backfill.json`. */
function settingsOf(script: Script, token: string): Record<string, unknown> {
  const settings: Record<string, unknown> = { token, networks: [ACCESS_POINT], ...script.settings };
  if (script.server?.url !== undefined) settings.server = new URL(script.server.url).origin;
  return settings;
}

/** After a cut in the middle of an append: the count of this mount decides whether those samples are on flash. */
function settleUndecided(board: Board, recorder: Recorder): void {
  if (![...recorder.pins.values()].some((record) => record.undecided.length > 0)) return;
  for (const stream of askStatus(board)?.streams ?? []) {
    const pin = pinNumber(stream.pin);
    // A boot samples at once: what it took itself is in the record.
    if ((recorder.pins.get(pin)?.undecided.length ?? 0) > 0) recorder.mounted(pin, stream.sampled);
  }
}
