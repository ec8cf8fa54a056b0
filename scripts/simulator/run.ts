/** Runs a unit until everything is delivered or time is up, and watches the firmware's status meanwhile. */
import type { DeviceStatus } from "../../firmware/status-types.ts";
import { DAY_MS, durationMs } from "./duration.ts";
import { SimulationError } from "./errors.ts";
import type { RealServer } from "./network/real-server.ts";
import { quietFromMs, type Script } from "./script.ts";
import type { Board } from "./simulated-board.ts";
import { askStatus, type Unit } from "./unit.ts";
import type { World } from "./world.ts";

export interface Outcome {
  /** The last that the firmware gave. */
  status: DeviceStatus;
  /** Each change of the verdict, as text. */
  verdicts: string[];
  drained: boolean;
  /** Why the run gave up on a real server. */
  stalled?: string;
  /** What a real server answered last, when the run ended with samples that it did not take. */
  unsent?: string;
  /** What the firmware said of the time, at each look at which it knew it. */
  clockClaims: ClockClaim[];
}

/** The firmware stated the time, with a bound; it was this wrong, to either side. */
export interface ClockClaim {
  atMs: number;
  errorMs: number;
  boundMs: number;
}

/** Time between two looks at the firmware's status, and once everything may be delivered. */
const LOOK_MS = 1_800_000;
const LOOK_QUIET_MS = 60_000;
const FIRST_LOOK_MS = 5000;
/**
 * While a backlog waits and the radio was not used for IDLE_MS, nothing but the samples changes: verdicts and deliveries
 * come of a sync. The looks of each minute are left out then. Longer than any timeout of the firmware.
 */
const IDLE_MS = 300_000;
/** From a request to a look at what it changed. */
const LOOK_AFTER_REQUEST_MS = 3000;
/** Time for the last faults' backlog to drain. */
const DRAIN_MS_MAX = 40 * DAY_MS;
/** "Almost drained" for this long is drained. */
const ALMOST_MS = 2 * 3_600_000;
/** A device that boots when time is up gets this long to answer. */
const LAST_STATUS_MS = 60_000;
/** A real server that takes nothing for this long, in real time, ends the run: two answers that don't come. */
const STALL_MS = 10_000;
/** Or for this long in simulated time, after the last scripted fault: the device has asked again each hour. */
const STALL_SIMULATED_MS = 6 * 3_600_000;
/** Between two looks at whether it did, while nothing else happens. */
const WAIT_MS = 500;
/** Other work of the process gets its turn after this long in real time. */
const YIELD_MS = 100;

/** Takes a unit through its run, one event after the other. */
export interface Runner {
  /**
   * Runs the next event and, when it is time, looks at the firmware's status. Throws SimulationError when the firmware does what
   * hardware can't.
   */
  step(): "over" | "went" | "looked";
  /** Everything is delivered, time is up, or nothing will ever happen again. */
  isOver(): boolean;
  /** Latest end. */
  untilMs(): number;
  /** The last scripted fault is over: looks come once a minute then. */
  quiet(): boolean;
  /** The script says something else about what is still to come: the end of its faults may have moved. */
  scriptChanged(): void;
  status(): DeviceStatus | undefined;
  /** Asks a last time, which may take a minute of the run. Throws SimulationError if the firmware gives no status. */
  finish(): Pick<Outcome, "status" | "verdicts" | "drained" | "clockClaims">;
}

export function createRunner(unit: Unit, world: World): Runner {
  const { script, board, network } = unit;
  const { exchanges } = network;
  const endOf = () => durationMs(script.until ?? quietFromMs(script) + DRAIN_MS_MAX);
  const watch = createWatch(unit, world);
  let untilMs = endOf();
  let seen = 0;
  let nextLookMs = FIRST_LOOK_MS;
  let nothingLeft = false;

  const isOver = () => nothingLeft || watch.drained() || world.nowMs() >= untilMs;

  return {
    isOver,
    untilMs: () => untilMs,
    quiet: watch.quiet,
    status: watch.status,
    scriptChanged() {
      untilMs = endOf();
      watch.scriptChanged();
    },
    step() {
      if (isOver() || world.nextMs() > untilMs || !world.step()) {
        nothingLeft = true;
        return "over";
      }
      if (board.misuse) throw new SimulationError(`the firmware did what hardware can't: ${board.misuse.message}`);
      const nowMs = world.nowMs();
      if (exchanges.length > seen) {
        seen = exchanges.length;
        nextLookMs = Math.min(nextLookMs, nowMs + LOOK_AFTER_REQUEST_MS);
      }
      if (nowMs < nextLookMs || !board.powered()) return "went";
      nextLookMs = nowMs + (watch.quiet() ? LOOK_QUIET_MS : LOOK_MS);
      const idle = nowMs - network.lastUsedMs() > IDLE_MS && nowMs - watch.lookedMs() < LOOK_MS;
      if (!idle || !watch.hasBacklog()) watch.look();
      return "looked";
    },
    finish() {
      const status = (watch.drained() ? undefined : lastStatus(board, world)) ?? watch.status();
      if (!status) throw new SimulationError(`the firmware gave no status: ${lastWords(board)}`);
      const { verdicts, clockClaims } = watch;
      return { status: plain(status), verdicts, drained: watch.drained(), clockClaims };
    },
  };
}

/** Rejects with SimulationError when the firmware does what hardware can't, or gives no status. */
export async function runUnit(unit: Unit, world: World, real: RealServer | undefined): Promise<Outcome> {
  const { script } = unit;
  const runner = createRunner(unit, world);
  let lastYield = performance.now();
  const patience = createPatience(unit, world, real);

  while (!runner.isOver()) {
    if (real) {
      if (real.waiting() > 0) await patience.during(real.settled());
      if (script.server?.behind === undefined && world.nextMs() < Number.POSITIVE_INFINITY) {
        await untilReal(world.startMs + Math.min(world.nextMs(), runner.untilMs()), patience);
      }
      if (patience.spent() !== "") break;
    }
    if (runner.step() === "looked" && performance.now() - lastYield > YIELD_MS) {
      lastYield = performance.now();
      reportProgress(script, world, runner.status());
      await new Promise((done) => setImmediate(done));
    }
  }
  if (real) await real.settled();
  const end = runner.finish();
  reportProgress(script, world, end.status);
  const stalled =
    real !== undefined && patience.spent() !== ""
      ? `the server took no point for ${patience.spent()}; its last answer: ${real.lastAnswer()}`
      : undefined;
  const unsent =
    real !== undefined && real.failsSinceMs() < Number.POSITIVE_INFINITY && stalled === undefined && !end.drained
      ? `the run ended while the server took no point; its last answer: ${real.lastAnswer()}`
      : undefined;
  return { ...end, stalled, unsent };
}

interface Watch {
  /** Asks the firmware for its status, if it is there. */
  look(): void;
  /** Whether the last scripted fault is over. */
  quiet(): boolean;
  drained(): boolean;
  /** Far more samples are pending than one round. */
  hasBacklog(): boolean;
  /** When it last asked. */
  lookedMs(): number;
  status(): DeviceStatus | undefined;
  scriptChanged(): void;
  clockClaims: ClockClaim[];
  verdicts: string[];
}

function createWatch({ script, board, network }: Unit, world: World): Watch {
  const quietFrom = () => Math.max(quietFromMs(script), durationMs(script.atLeast ?? 0));
  let quietMs = quietFrom();
  const verdicts: string[] = [];
  let status: DeviceStatus | undefined;
  let drained = false;
  let backlog = false;
  let lookedMs = Number.NEGATIVE_INFINITY;
  let almostSinceMs = Number.POSITIVE_INFINITY;
  const clockClaims: ClockClaim[] = [];

  function noteClaim({ time }: DeviceStatus): void {
    if (!time) return;
    const errorMs = Math.abs(time.trueMs - world.trueMs());
    clockClaims.push({ atMs: world.nowMs(), errorMs, boundMs: time.boundMs });
  }

  const quiet = () => world.nowMs() >= quietMs;

  function noteVerdict({ verdict, verdictText }: DeviceStatus): void {
    // "Everything sent" before the first request is only the state in which the firmware starts.
    const initial = verdicts.length === 0 && verdict === 0 && network.exchanges.length === 0;
    if (initial || verdictText === undefined || verdicts[verdicts.length - 1] === verdictText) return;
    verdicts.push(verdictText);
  }

  return {
    quiet,
    verdicts,
    drained: () => drained,
    hasBacklog: () => backlog,
    lookedMs: () => lookedMs,
    status: () => status,
    clockClaims,
    scriptChanged() {
      quietMs = quietFrom();
    },
    look() {
      const found = askStatus(board);
      if (!found) return;
      status = found;
      lookedMs = world.nowMs();
      noteVerdict(found);
      noteClaim(found);
      if (script.untilDrained === false || !quiet()) return;
      let pending = 0;
      for (const stream of found.streams) pending += stream.pending;
      // There may always be a round of samples that waits for its request: never nothing pending, yet drained.
      backlog = pending > 2 * found.streams.length;
      if (backlog) almostSinceMs = Number.POSITIVE_INFINITY;
      else if (almostSinceMs === Number.POSITIVE_INFINITY) almostSinceMs = world.nowMs();
      drained = pending === 0 || world.nowMs() - almostSinceMs > ALMOST_MS;
    },
  };
}

/** The status as an object of this realm. The firmware makes a new one at each call, so the last is as it was given. */
function plain(status: DeviceStatus): DeviceStatus {
  return JSON.parse(JSON.stringify(status)) as DeviceStatus;
}

/** The device may be off, or boot, when time is up: it gets a minute to answer. */
function lastStatus(board: Board, world: World): DeviceStatus | undefined {
  board.powerOn();
  const untilMs = world.nowMs() + LAST_STATUS_MS;
  let status = askStatus(board);
  while (!status && world.nextMs() <= untilMs) {
    world.step();
    status = askStatus(board);
  }
  return status;
}

function lastWords(board: Board): string {
  if (board.uncaught.length > 0) return board.uncaught[0];
  const lines = board.lines.slice(-5).map((line) => line.text);
  return lines.join(" | ") || "it printed nothing";
}

/** How long a run has waited for a real server that fails. Its own work does not count: a machine may be slow. */
interface Patience {
  during(waiting: Promise<unknown>): Promise<void>;
  /** "10 s" once it is over, "" before. */
  spent(): string;
}

function createPatience({ script }: Unit, world: World, real: RealServer | undefined): Patience {
  const stallMs = script.server?.stallMs ?? STALL_MS;
  const quietTrueMs = world.startMs + quietFromMs(script);
  let waitedMs = 0;
  const fails = () => real !== undefined && real.failsSinceMs() < Number.POSITIVE_INFINITY;
  return {
    async during(waiting) {
      const beganMs = performance.now();
      await waiting;
      waitedMs = fails() ? waitedMs + performance.now() - beganMs : 0;
    },
    spent() {
      if (real === undefined || !fails()) return "";
      if (waitedMs >= stallMs) return `${stallMs / 1000} s`;
      // Behind a way that a test leads astray, a server may well fail for long.
      if (script.server?.behind !== undefined) return "";
      const failingMs = world.trueMs() - Math.max(real.failsSinceMs(), quietTrueMs);
      return failingMs >= STALL_SIMULATED_MS ? `${STALL_SIMULATED_MS / 3_600_000} h of simulated time` : "";
    },
  };
}

/** With a real server, virtual time never passes real time. Returns earlier once patience is over. */
async function untilReal(virtualMs: number, patience: Patience): Promise<void> {
  for (let aheadMs = virtualMs - Date.now(); aheadMs > 0 && patience.spent() === ""; aheadMs = virtualMs - Date.now()) {
    const waitMs = Math.min(aheadMs, WAIT_MS);
    await patience.during(new Promise((done) => setTimeout(done, waitMs)));
  }
}

function reportProgress(script: Script, world: World, status: DeviceStatus | undefined): void {
  if (!script.onProgress) return;
  let delivered = 0;
  let pending = 0;
  for (const stream of status?.streams ?? []) {
    delivered += stream.delivered;
    pending += stream.pending;
  }
  script.onProgress({ simulatedMs: world.nowMs(), delivered, pending });
}
