/** An ESP32 on the bench: power, flash, crystal and system clock, and one boot of the interpreter after another. */
import { type Boot, createBoot, TIMING } from "./boot.ts";
import type { Crystal } from "./crystal.ts";
import { PowerCut, type SimulatedFlash } from "./flash.ts";
import { createInterpreter, type Interpreter, type Machine, MODULES_WITH_TLS } from "./globals.ts";
import type { Network } from "./network.ts";
import type { Region } from "./partitions.ts";
import type { Prng } from "./prng.ts";
import type { Recorder } from "./recorder.ts";
import type { Script } from "./script.ts";
import type { AccessPoint } from "./wifi.ts";
import type { World } from "./world.ts";

/** ROM loader, second stage and Espruino's own start, before the program runs. UNVERIFIED on a board. */
const BOOT_MS = 600;
/** The console keeps so many lines for a look after the run. */
const LINES_KEPT = 2000;

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
  files: Map<string, string>;
  code: string;
  /** `process.env.SERIAL`: from the MAC address. */
  serial: string;
  analog(pin: number, elapsedMs: number): number;
  extras(board: Board): Record<string, unknown>;
}

export interface Board {
  powerOn(): void;
  /** Power is gone now; between two operations of the flash, unless a write tears. */
  powerOff(): void;
  /** The chip restarts; the system clock runs on. */
  restart(why: string): void;
  powered(): boolean;
  boot(): Boot | undefined;
  interpreter(): Interpreter | undefined;
  systemMs(): number;
  setSystemMs(ms: number): void;
  /** Calls something of the firmware from outside, as a console does; flash reads in it are not counted. Undefined if it is not there. */
  ask(path: string[]): unknown;
  onBoot: (() => void) | undefined;
  /** Power went by itself, inside a flash operation. */
  onPowerLost: (() => void) | undefined;
  lines: { atMs: number; text: string }[];
  uncaught: string[];
  /** What the firmware did that hardware can't: the run is void. */
  misuse: Error | undefined;
  boots: number;
}

export function createBoard(options: BoardOptions): Board {
  const { world, crystal, flash, region, recorder, prng } = options;
  const levels: number[] = new Array(40).fill(1);
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
    ask,
    onBoot: undefined,
    onPowerLost: undefined,
    lines: [],
    uncaught: [],
    misuse: undefined,
    boots: 0,
  };

  function print(text: string): void {
    options.script.onConsole?.(text, world.nowMs());
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
    world.at(world.nowMs() + BOOT_MS, () => {
      if (powered && mine === generation) start();
    });
  }

  function start(): void {
    board.boots++;
    const mine = createBoot({
      world,
      crystal,
      prng,
      jitterMs: options.script.jitterMs ?? 5,
      onUncaught: (error) => {
        board.uncaught.push(`${(error as Error)?.stack ?? error}`);
        print(`Uncaught ${error}`);
      },
      onCallbackEnd: recorder.callbackEnded,
    });
    boot = mine;
    const machine: Machine = {
      network: options.network,
      script: options.script,
      accessPoints: options.accessPoints,
      files: options.files,
      levels,
      analog: (pin) => options.analog(pin, world.nowMs()),
      onPinWrite: () => undefined,
      print,
      systemMs: board.systemMs,
      setSystemMs: board.setSystemMs,
      restart: board.restart,
      flash: {
        pageBytes: 4096,
        read: (bytes, address) => operate(TIMING.flashReadMs, () => flash.read(bytes, address)),
        write(data, address) {
          guardRegion(address, data.length);
          operate(TIMING.flashWriteMs, () => flash.write(data, address));
          recorder.programmed();
        },
        erasePage(address) {
          guardRegion(address, 4096);
          operate(TIMING.flashEraseMs, () => flash.erasePage(address));
        },
      },
      extras: options.extras(board),
      modules: MODULES_WITH_TLS,
      serial: options.serial,
      sameChance: options.script.sameChance === true,
    };
    interpreter = createInterpreter(mine, machine);
    interpreter.run(options.code, "firmware.js");
    if (boot === mine) board.onBoot?.();
  }

  /** Runs one flash operation; if the power goes inside it, everything stops here. */
  function operate<T>(ms: number, operation: () => T): T {
    try {
      const result = operation();
      boot?.block(ms);
      return result;
    } catch (error) {
      if (error instanceof PowerCut) {
        if (powered && !flash.powered) {
          board.powerOff();
          board.onPowerLost?.();
        }
      } else board.misuse ??= error as Error;
      throw error;
    }
  }

  function guardRegion(address: number, bytes: number): void {
    if (address >= region.address && address + bytes <= region.address + region.bytes) return;
    board.misuse ??= new Error(`the firmware writes outside its region: ${bytes} bytes at 0x${address.toString(16)}`);
    throw board.misuse;
  }

  function ask(path: string[]): unknown {
    const inside = interpreter;
    if (!boot || !inside) return undefined;
    const counts = { ...flash.counts };
    try {
      return boot.peek(() => {
        let found: unknown = inside.global;
        for (const name of path.slice(0, -1)) found = (found as Record<string, unknown> | undefined)?.[name];
        const last = (found as Record<string, unknown> | undefined)?.[path[path.length - 1]];
        return typeof last === "function" ? last.call(found) : last;
      });
    } catch (error) {
      // What was asked for wrote to flash, and a cut that was due came true in it.
      if (inside === interpreter) throw error;
      return undefined;
    } finally {
      Object.assign(flash.counts, counts);
    }
  }

  return board;
}
