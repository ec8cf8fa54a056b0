/** An ESP32 module: power, flash, crystal and system clock, and one boot of the interpreter after another. */
import { type Boot, createBoot } from "./boot.ts";
import type { Crystal } from "./crystal.ts";
import type { Machine } from "./espruino/chip-machine.ts";
import { createInterpreter, type Interpreter } from "./espruino/espruino.ts";
import type { SimulatedFlash } from "./flash.ts";
import { createFlashPort } from "./flash-port.ts";
import type { Network } from "./network/network.ts";
import type { Region } from "./partitions.ts";
import type { Prng } from "./prng.ts";
import type { Recorder } from "./recorder.ts";
import type { AccessPoint, Script } from "./script.ts";
import { timingOf } from "./timing.ts";
import type { World } from "./world.ts";

/** Lines of the console that are kept for a look after the run. */
const LINES_KEPT = 2000;
const PINS = 40;
const JITTER_MS = 5;

export interface BoardOptions {
  world: World;
  crystal: Crystal;
  prng: Prng;
  flash: SimulatedFlash;
  region: Region;
  network: Network;
  script: Script;
  recorder: Recorder;
  accessPoints: AccessPoint[];
  /** Files in Storage. */
  files: Map<string, string>;
  /** The program that a boot runs. */
  code(): string;
  /** `process.env.SERIAL`: from the MAC address. */
  serial: string;
  /** Level of an analog pin, 0 to 1. */
  analog(pin: number, elapsedMs: number): number;
  /** Called when the program sets the electrical level of a pin. */
  onLevel?(pin: number, level: number): void;
  /** More globals for the program, made anew at each boot. */
  extras(): Record<string, unknown>;
}

export interface Board {
  powerOn(): void;
  /** Power is gone now: between two operations of the flash, unless a write tears. */
  powerOff(): void;
  /** The chip restarts; the system clock runs on. */
  restart(why: string): void;
  powered(): boolean;
  boot(): Boot | undefined;
  interpreter(): Interpreter | undefined;
  systemMs(): number;
  setSystemMs(ms: number): void;
  /**
   * Somebody calls a function of the program by its name, with arguments that are known when it runs: in a pass, as the
   * console does.
   */
  call(name: string, args: () => unknown[]): void;
  /**
   * Calls a function of the firmware, or reads a value, by its path from `global`, as a console does. Flash reads in it
   * are not counted. Undefined if it is not there.
   */
  ask(path: string[]): unknown;
  onBoot: (() => void) | undefined;
  /** The power went by itself, inside a flash operation. */
  onPowerLost: (() => void) | undefined;
  lines: { atMs: number; text: string }[];
  uncaught: string[];
  /** What the firmware did that hardware can't: the run is void. */
  misuse: Error | undefined;
  boots: number;
}

export function createBoard(options: BoardOptions): Board {
  const { world, crystal, flash, region, recorder, prng, script } = options;
  const timing = timingOf(script.cpu);
  const levels: number[] = new Array(PINS).fill(1);
  let boot: Boot | undefined;
  let interpreter: Interpreter | undefined;
  let powered = false;
  let epochTicks = 0; // the system clock shows ticks − epoch
  let generation = 0;

  const board: Board = {
    powerOn() {
      if (powered) return;
      powered = true;
      flash.powerOn();
      // gettimeofday starts at 0 at power-on.
      epochTicks = crystal.ticksAt(world.nowMs());
      bootLater();
    },
    powerOff() {
      if (!powered) return;
      powered = false;
      flash.powered = false;
      stop();
      print("(power off)");
    },
    restart(why) {
      stop();
      print(`(restart: ${why})`);
      bootLater();
    },
    powered: () => powered,
    boot: () => boot,
    interpreter: () => interpreter,
    systemMs: () => crystal.ticksAt(world.nowMs()) - epochTicks,
    setSystemMs(ms) {
      epochTicks = crystal.ticksAt(world.nowMs()) - ms;
    },
    call(name, args) {
      const inside = interpreter;
      if (inside === undefined) return;
      boot?.queue(() => (inside.global[name] as (...given: unknown[]) => unknown)(...args()), undefined, []);
    },
    ask: (path) => (boot && interpreter ? ask(boot, interpreter, path) : undefined),
    onBoot: undefined,
    onPowerLost: undefined,
    lines: [],
    uncaught: [],
    misuse: undefined,
    boots: 0,
  };

  const flashPort = createFlashPort({
    flash,
    region,
    timing,
    boot: () => boot,
    onProgrammed: recorder.programmed,
    onPowerCut() {
      if (!powered || flash.powered) return;
      board.powerOff();
      board.onPowerLost?.();
    },
    onMisuse(error) {
      board.misuse ??= error;
    },
  });

  const machine: Omit<Machine, "extras"> = {
    network: options.network,
    script,
    accessPoints: options.accessPoints,
    files: options.files,
    levels,
    analog: (pin) => options.analog(pin, world.nowMs()),
    onLevel: options.onLevel,
    print,
    systemMs: board.systemMs,
    setSystemMs: board.setSystemMs,
    restart: board.restart,
    flash: flashPort,
    serial: options.serial,
    sameChance: script.sameChance === true,
  };

  function print(text: string): void {
    script.onConsole?.(text, world.nowMs());
    board.lines.push({ atMs: world.nowMs(), text });
    if (board.lines.length > LINES_KEPT) board.lines.splice(0, LINES_KEPT / 2);
  }

  function stop(): void {
    generation++;
    recorder.cut();
    boot?.end();
    boot = undefined;
    interpreter = undefined;
  }

  function bootLater(): void {
    const mine = ++generation;
    world.at(world.nowMs() + timing.bootMs, () => {
      if (powered && mine === generation) start();
    });
  }

  function start(): void {
    board.boots++;
    const mine = createBoot({
      world,
      crystal,
      prng,
      jitterMs: script.jitterMs ?? JITTER_MS,
      timing,
      onUncaught: (error) => {
        board.uncaught.push(`${(error as Error)?.stack ?? error}`);
        print(`Uncaught ${error}`);
      },
      onCallbackEnd: recorder.callbackEnded,
    });
    boot = mine;
    interpreter = createInterpreter(mine, { ...machine, extras: options.extras() });
    interpreter.run(options.code(), "firmware.js");
    if (boot === mine) board.onBoot?.();
  }

  function ask(running: Boot, inside: Interpreter, path: string[]): unknown {
    const counts = { ...flash.counts };
    try {
      return running.peek(() => memberOf(inside.global, path));
    } catch (error) {
      // The call wrote to flash, and a power cut that was due struck there.
      if (inside === interpreter) throw error;
      return undefined;
    } finally {
      Object.assign(flash.counts, counts);
    }
  }

  return board;
}

/** The value at the end of the path; a function is called. */
function memberOf(global: Record<string, unknown>, path: string[]): unknown {
  let owner: unknown = global;
  for (const name of path.slice(0, -1)) owner = (owner as Record<string, unknown> | undefined)?.[name];
  const found = (owner as Record<string, unknown> | undefined)?.[path[path.length - 1]];
  return typeof found === "function" ? found.call(owner) : found;
}
