/**
 * The simulated ESP32 (scripts/simulator) behind the fake console: typed code runs in the simulated interpreter, on virtual
 * time. Console and protocol are `FakeConsole`, written from README_Protocol.md of Espruino and compared with 2v29.277.
 */
import { BlynkStandIn } from "../../../scripts/blynk-stand-in/stand-in.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import type { Script } from "../../../scripts/simulator/script.ts";
import { createUnit, type Unit } from "../../../scripts/simulator/unit.ts";
import { createWorld, type World } from "../../../scripts/simulator/world.ts";
import { FakeConsole, type Machine } from "./fake-console.ts";

/**
 * Runs in place of a firmware: the board's own boot, which runs `.bootcde`. Before that it adds what the simulator's Storage
 * leaves out and the commands need. A new unit has no settings.
 */
const BOOT = `
(function (s) {
  s.getStats = function () { return { totalBytes: 917504, freeBytes: 700000, fileBytes: 0, trashBytes: 0 }; };
  // The simulated chip has only the partitions that the firmware uses; the console reads blank flash everywhere else.
  var flash = require("Flash"), read = flash.read;
  flash.read = function (bytes, address) {
    var there = address >= 0x310000 && address < 0x320000 || address >= 0x8000 && address < 0x9000 || address >= 0xc000 && address < 0xe000;
    return there || !global.typing ? read(bytes, address) : new Uint8Array(bytes).fill(255);
  };
  if (s.read("factory") === undefined) { s.erase("backfill.json"); s.write("factory", "1"); }
})(require("Storage"));
global.boardBoot = require("Storage").read(".bootcde");
if (global.boardBoot !== undefined) eval(global.boardBoot);
`;

/** Virtual time that passes after a restart of the device. */
const RESTART_MS = 3000;

export interface SimulatedRig {
  unit: Unit;
  world: World;
  standIn: BlynkStandIn;
  console: FakeConsole;
  port: string;
  /** Lets virtual time pass until `ms` after power-on. */
  until(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Powers on a board with the Espruino runtime and nothing else. */
export async function startSimulatedRig(token: string, script: Script = {}): Promise<SimulatedRig> {
  // What is flashed onto it was built before its world began (scripts/build/build-firmware.ts).
  process.env.SOURCE_DATE_EPOCH = String(Date.UTC(2025, 11, 31) / 1000);
  const world = createWorld(Date.UTC(2026, 0, 1));
  const standIn = new BlynkStandIn({ tokens: [token] });
  const root = createPrng(script.seed ?? Number(process.env.SIM_SEED ?? 1));
  let machine: Machine | undefined;
  const listening: Script = { ...script, onConsole: (line) => machine?.onPrint(line) };
  const unit = createUnit({
    device: { code: BOOT },
    program: { code: BOOT },
    script: listening,
    world,
    standIn,
    root,
    token,
  });
  const advance = (untilMs: number) => {
    let there = false;
    world.at(untilMs, () => {
      there = true;
    });
    while (!there) world.step();
  };
  const pieces = new Map<string, string>();
  const evaluate = (code: string): unknown => {
    const inside = unit.board.interpreter();
    const boot = unit.board.boot();
    if (inside === undefined || boot === undefined) throw new Error("the board is restarting");
    const line = JSON.stringify(code);
    inside.run(
      `global.typing=1;try{global.typed={v:eval(${line})}}catch(e){global.typed={e:""+e}}global.typing=0;`,
      "console",
    );
    if (unit.board.boot() !== boot) {
      setImmediate(() => advance(world.nowMs() + RESTART_MS));
      return undefined;
    }
    const typed = inside.global.typed as { v?: unknown; e?: string };
    if (typed.e !== undefined) throw new Error(typed.e);
    return typed.v;
  };
  machine = {
    version: "2v29.277",
    board: "ESP32",
    onPrint: () => {},
    evaluate,
    writeStorage: (name, data, offset, size) => {
      const whole = (offset === 0 ? "" : (pieces.get(name) ?? "")) + data;
      pieces.set(name, whole);
      if (whole.length === size) evaluate(`require("Storage").write(${JSON.stringify(name)},${JSON.stringify(whole)})`);
    },
  };
  const console = new FakeConsole(machine);
  const port = await console.listen();
  unit.board.powerOn();
  advance(RESTART_MS);
  return {
    unit,
    world,
    standIn,
    console,
    port,
    until: async (ms) => {
      advance(ms);
      if (unit.board.misuse) throw unit.board.misuse;
    },
    close: () => console.close(),
  };
}
