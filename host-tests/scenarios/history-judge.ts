/** What must come of any history: true times, nothing let go that can be dated, and delivery once the truth is back. */
import { BOOT_SESSIONS } from "../../firmware/clock/clock.ts";
import { claimsHold } from "../../scripts/simulator/scenarios/promises.ts";
import { runSimulation, type SimulatedDevice, type Simulation } from "../../scripts/simulator/simulate.ts";
import {
  createHistory,
  type History,
  HOUR_MS,
  historyDevice,
  MINUTE_MS,
  maxUncertaintyMs,
  QUIET_MS,
  SAMPLE_MS,
  SYNC_MS,
  TROUBLE_MS,
} from "./history.ts";

interface LoggedFix {
  atMs: number;
  boundMs: number;
  /** No lie can have made it. */
  honest: boolean;
}

/** From one power-on or restart to the next, in ms since the first power-on. */
interface Life {
  from: number;
  to: number;
  /** As the firmware logged them. */
  fixes: LoggedFix[];
  /** When points were sent. */
  sentMs: number[];
  /** The server's date disputed what SNTP said. */
  disputed: boolean;
}

const honestOf = (life: Life | undefined): LoggedFix[] => (life?.fixes ?? []).filter(({ honest }) => honest);

interface Line {
  atMs: number;
  text: string;
}

/** A query takes some seconds, so a lie may be logged as long after its end. */
const QUERY_MS = MINUTE_MS;
const FIX = /^\[info\] time: .*within (\d+) ms/;
const BOOT = /^backfill \S+ logging/;
const SENT = /^\[info\] sent \d+ points/;
const DISPUTE = /SNTP and the server's date are \S+ ms apart/;
/** The clock's own steps (firmware/clock/clock.ts): one that hides behind lateness, and raw time over a jump. */
const STEPS_MS = 520 + 5500 + 520;

/**
 * Runs a history and returns a sentence for each promise that is broken. `deviceFor` gives the device to run, by its
 * largest uncertainty.
 */
export async function judgeHistory(
  seed: number,
  deviceFor: (maxMs: number) => SimulatedDevice = (maxMs) => ({ source: historyDevice(maxMs) }),
): Promise<string[]> {
  const history = createHistory(seed);
  const lines: Line[] = [];
  const script = { ...history.script, onConsole: (text: string, atMs: number) => void lines.push({ atMs, text }) };
  const simulation = await runSimulation(deviceFor(maxUncertaintyMs(seed)), script);
  const lives = livesOf(lines, history);
  return [
    ...balanced(simulation, lives),
    ...rulesKept(simulation, history),
    ...simulation.uncaught.slice(0, 3),
    ...claimsTrue(simulation, lives),
    ...sessionsFew(simulation),
    ...timesTrue(simulation, lives, maxUncertaintyMs(seed)),
    ...datableKept(simulation, lives, history),
    ...resumed(simulation, lives),
  ];
}

/**
 * The server's rules are kept. A ledger that is lost takes an open attempt with it, so that nobody can send that batch again:
 * the first upload after the loss, and no other, may come without the replay.
 */
function rulesKept({ violations, exchanges, startMs }: Simulation, { ledgerLostMs }: History): string[] {
  // A portal keeps what it is sent from the server.
  const first = exchanges.find(
    ({ pin, atMs, fault }) => pin !== "" && atMs >= ledgerLostMs && fault !== "html" && fault !== "redirect",
  );
  const lostMs = first === undefined ? Number.NaN : startMs + first.atMs;
  return violations
    .filter(({ kind, atMs }) => kind !== "not-replayed" || Math.abs(atMs - lostMs) > 1)
    .map(({ kind, details }) => `${kind}: ${details}`)
    .slice(0, 3);
}

function livesOf(lines: Line[], { lies }: History): Life[] {
  const lives: Life[] = [];
  for (const { atMs, text } of lines) {
    const fix = FIX.exec(text);
    const life: Life | undefined = lives[lives.length - 1];
    if (BOOT.test(text)) {
      if (life) life.to = atMs;
      lives.push({ from: atMs, to: Number.POSITIVE_INFINITY, fixes: [], sentMs: [], disputed: false });
    } else if (fix) {
      const honest = !lies.some(({ from, to }) => atMs >= from && atMs < to + QUERY_MS);
      life?.fixes.push({ atMs, boundMs: Number(fix[1]), honest });
    } else if (SENT.test(text)) life?.sentMs.push(atMs);
    else if (DISPUTE.test(text) && life) life.disputed = true;
  }
  return lives;
}

const lifeAt = (lives: Life[], atMs: number): Life | undefined =>
  lives.find(({ from, to }) => atMs >= from - 1000 && atMs < to - 1000);

/**
 * Whether nobody could know that a point taken at `takenMs` had a wrong time: its life met a lie before anything true, and
 * either the point was sent then, or nothing in this life disputed the lie.
 */
function deceived(life: Life | undefined, takenMs: number): boolean {
  if (!life) return false;
  const truthMs = honestOf(life)[0]?.atMs ?? Number.POSITIVE_INFINITY;
  const lie = life.fixes.find(({ honest, atMs }) => !honest && atMs < truthMs);
  if (!lie || takenMs >= truthMs) return false;
  return !life.disputed || life.sentMs.some((atMs) => atMs >= lie.atMs && atMs < truthMs);
}

/** How far the time of a point is ahead of the true time, which its value tells. */
function aheadOf(ts: number, value: string): number {
  return ((((ts - Math.round(Number(value) * 1000)) % 1e9) + 1.5e9) % 1e9) - 5e8;
}

/** Everything is accounted for, but that no reading is looked for where a point with a wrong time nobody could know of stands. */
function balanced({ problems, points, startMs }: Simulation, lives: Life[]): string[] {
  const misplaced = points.filter(({ ts, value }) => {
    const aheadMs = aheadOf(ts, value);
    const takenMs = ts - aheadMs - startMs;
    return Math.abs(aheadMs) > MINUTE_MS && deceived(lifeAt(lives, takenMs), takenMs);
  }).length;
  return problems.filter(
    (text) => !(Number(/(\d+) points on the server were never read so/.exec(text)?.[1]) <= misplaced),
  );
}

/**
 * Each point tells by its value when it was taken. None is further off than is allowed, or than its own life's fixes say;
 * none came twice.
 */
function timesTrue({ points, startMs }: Simulation, lives: Life[], maxMs: number): string[] {
  const broken: string[] = [];
  const seen = new Set<string>();
  for (const { ts, value } of points) {
    const aheadMs = aheadOf(ts, value);
    const errorMs = Math.abs(aheadMs);
    const takenMs = ts - aheadMs - startMs;
    const life = lifeAt(lives, takenMs);
    const fromFixes = honestOf(life).map(({ atMs, boundMs }) => boundMs + STEPS_MS + Math.abs(atMs - takenMs) / 10_000);
    const boundMs = Math.min(maxMs, ...fromFixes);
    if (errorMs > boundMs + 1 && !deceived(life, takenMs))
      broken.push(`a point taken at ${hours(takenMs)} is ${errorMs} ms off, ${boundMs} allowed`);
    if (seen.has(value)) broken.push(`the point taken at ${hours(takenMs)} came twice, with two times`);
    seen.add(value);
  }
  return broken.slice(0, 3);
}

/** What the firmware said of the time was true within its bound, once it had asked somebody who did not lie. */
function claimsTrue({ clockClaims }: Simulation, lives: Life[]): string[] {
  const fixes = lives.flatMap((life) => life.fixes);
  return claimsHold({
    clockClaims: clockClaims.filter(({ atMs }) => fixes.findLast((fix) => fix.atMs <= atMs)?.honest),
  });
}

/** Neither a stall nor `setTime` begins a session: only a clock that is moved underneath does, at most once in a history. */
function sessionsFew({ status }: Simulation): string[] {
  return status.session % BOOT_SESSIONS <= 1
    ? []
    : [`session ${status.session}: the clock found jumps that never were`];
}

/** Samples are let go as undatable only from lives without a fix, or from before the ledger was lost. */
function datableKept({ readings, report, startMs }: Simulation, lives: Life[], { ledgerLostMs }: History): string[] {
  const { undatable } = report.streams[0].dropped;
  const taken = (readings.get(1)?.trueMs ?? []).map((ms) => ms - startMs);
  const isLost = (atMs: number) => ledgerLostMs !== Number.POSITIVE_INFINITY && atMs < ledgerLostMs;
  const adrift = taken.filter((atMs) => honestOf(lifeAt(lives, atMs)).length === 0 || isLost(atMs)).length;
  return undatable <= adrift ? [] : [`${undatable} undatable, but only ${adrift} were taken in lives without a fix`];
}

/** What waits at the end was taken since the last sync. */
function resumed({ report }: Simulation, lives: Life[]): string[] {
  const { pending } = report.streams[0];
  const most = (2 * SYNC_MS) / SAMPLE_MS;
  if (!lives[lives.length - 1]?.fixes.some(({ atMs }) => atMs > TROUBLE_MS)) {
    return [`no fix in the ${QUIET_MS / HOUR_MS} h after the trouble`];
  }
  return pending <= most ? [] : [`${pending} still wait ${QUIET_MS / HOUR_MS} h after the trouble`];
}

const hours = (ms: number): string => `${(ms / HOUR_MS).toFixed(2)} h`;
