import type { Clock } from "../clock/clock.ts";
import type { Sensor } from "../device-types.ts";
import type { Log, Timers } from "../platform/ports.ts";
import type { Appender } from "../storage/appender.ts";
import { decimalText, SCALES, VALUE_MAX } from "../storage/format/decimal.ts";

/** A sensor that has not answered after this time, or by its next slot, has failed. */
export const SENSOR_TIMEOUT_MS = 10000;
/** A timer may fire slightly early. Waiting again for such a short time would only add jitter. */
const EARLY_MS = 2;
/** A slot this late was not served: its timer is lost. No blocking call is under way when this is asked. */
const OVERDUE_MS = 5000;
/** The sensors keep up again when no slot was left out for this long. */
const CROWDED_MS = 600000;

export interface SampledStream {
  /** Number of the virtual pin. */
  pin: number;
  name: string;
  sensor: Sensor;
  intervalMs: number;
  decimals: number;
}

export interface Sampler {
  /** The first slot is now. Returns the way to stop it. */
  start(): () => void;
  /** The last slot of every datastream was served, by a sample or a counted failure. */
  healthy(): boolean;
  /** The last reading of some datastream failed. */
  failing(): boolean;
  /** The last sample of some datastream could not be written to flash. */
  flashFailed(): boolean;
  /** In the last ten minutes the sensors blocked for so long that slots were left out. */
  crowded(): boolean;
}

/**
 * A reading as the integer that is kept: value × 10^decimals, halves away from zero, as on paper.
 * 1.005 is 1.00499999999999989… in binary, and Espruino reads decimals a little less exactly still. So the product is
 * first moved outwards by a millionth of a millionth: far below what any sensor resolves, far above such errors.
 */
export function scaleReading(value: number, decimals: number): number {
  const whole = Math.floor(Math.abs(value) * SCALES[decimals] * (1 + 1e-12) + 0.5);
  return value < 0 && whole > 0 ? -whole : whole;
}

function createState(stream: SampledStream) {
  return {
    stream,
    dueMs: 0,
    /** When the reading under way began: the sample's time. */
    readAtMs: 0,
    session: 0,
    /** From the beginning of a reading until it is on flash or counted as failed. */
    pending: false,
    answered: false,
    value: Number.NaN,
    /** Why there is no value, or "". */
    error: "",
    /** Number of the reading, so that a late answer of an earlier one is recognised. */
    serial: 0,
    failing: false,
    flashFailed: false,
    /** The last reading gave a number beyond what is stored. */
    tooLarge: false,
    /** The sensors before this one blocked until its last slot was over. */
    leftOut: false,
  };
}

type State = ReturnType<typeof createState>;

/** Writes a reading, or counts it as failed when `why` says so. The log hears of changes: once, not once a minute. */
function keepReading(state: State, why: string, ring: Appender, log: Log): void {
  const pin = state.stream.pin;
  const name = state.stream.name;
  const decimals = state.stream.decimals;
  if (why !== "") ring.fail(pin, state.readAtMs);
  else {
    const scaled = scaleReading(state.value, decimals);
    state.flashFailed = !ring.append(pin, state.readAtMs, scaled);
    const tooLarge = Math.abs(scaled) > VALUE_MAX;
    if (tooLarge && !state.tooLarge) {
      const most = decimalText(VALUE_MAX, decimals);
      log("warn", `${name}: ${state.value} can't be stored, ${most} is the most at ${decimals} decimals`);
    }
    state.tooLarge = tooLarge;
  }
  if (state.failing !== (why !== "")) {
    state.failing = !state.failing;
    if (state.failing) log("warn", `${name}: no reading (${why})`);
    else log("info", `${name}: reading again`);
  }
}

/**
 * Reads every datastream at multiples of its interval since the start, by one chained timeout: an interval would fire in
 * a burst after a blocking call. A slot more than half an interval late is left out; the ring counts it as missed.
 * Datastreams that are due together are read first and written afterwards, so that writing one doesn't delay the next.
 * Where their sensors block for longer than the slots allow, they take turns: what was read longest ago goes first.
 */
export function createSampler(
  timers: Timers,
  clock: Pick<Clock, "session" | "rawMs" | "rawAtTimer" | "blocked">,
  ring: Appender,
  streams: SampledStream[],
  log: Log,
): Sampler {
  const states = streams.map(createState);
  let timer: number | undefined;
  let armedMs = 0;
  let wakeMs = 0;
  let running = false;
  let waking = false;
  /** Raw time at which a slot was last left out because sensors blocked. */
  let leftOutMs = -Infinity;

  function settle(state: State) {
    const value = state.value;
    state.pending = false;
    let why = state.error;
    // The reading began in a session that is over.
    if (state.session !== clock.session()) {
      state.readAtMs = clock.rawMs();
      why = "the clock jumped meanwhile";
    }
    if (why === "" && (typeof value !== "number" || !(Math.abs(value) < Number.POSITIVE_INFINITY)))
      why = "not a number";
    keepReading(state, why, ring, log);
  }

  function read(state: State) {
    const readAtMs = clock.rawMs();
    const intervalMs = state.stream.intervalMs;
    // The sensors before this one blocked until this slot was missed, too.
    state.leftOut = readAtMs - (state.dueMs - intervalMs) > intervalMs / 2;
    if (state.leftOut) {
      if (readAtMs - leftOutMs > CROWDED_MS)
        log("warn", `${state.stream.name}: left out, the sensors before it took too long. They take turns now`);
      leftOutMs = readAtMs;
      return;
    }
    const serial = ++state.serial;
    state.pending = true;
    state.answered = false;
    state.error = "";
    state.readAtMs = readAtMs;
    state.session = clock.session();
    try {
      state.stream.sensor((value, why) => {
        if (serial !== state.serial || !state.pending || state.answered) return;
        state.value = value;
        state.error = why ?? "";
        state.answered = true;
        if (!waking) clock.blocked(() => settle(state));
      });
    } catch (error) {
      state.error = String(error);
      state.answered = true;
    }
  }

  function arm() {
    let nextMs = Number.POSITIVE_INFINITY;
    states.forEach((state) => {
      nextMs = Math.min(nextMs, state.dueMs);
      if (state.pending) nextMs = Math.min(nextMs, state.readAtMs + SENSOR_TIMEOUT_MS);
    });
    if (timer !== undefined) timers.clearTimeout(timer);
    timer = undefined;
    if (!running || states.length === 0) return;
    armedMs = clock.rawMs();
    wakeMs = Math.max(armedMs + 1, nextMs);
    timer = timers.setTimeout(wake, wakeMs - armedMs);
  }

  function wake() {
    const nowMs = timer === undefined ? clock.rawMs() : clock.rawAtTimer(armedMs, wakeMs);
    timer = undefined;
    const dueNow: State[] = [];
    states.forEach((state) => {
      const intervalMs = state.stream.intervalMs;
      const due = nowMs >= state.dueMs - EARLY_MS;
      if (state.pending && (due || nowMs >= state.readAtMs + SENSOR_TIMEOUT_MS)) {
        state.serial++;
        if (!state.answered) state.error = "no answer";
        settle(state);
      }
      if (!due) return;
      // The nearest slot. Those before it were missed; if it is still to come, it is waited for.
      state.dueMs += Math.floor((nowMs - state.dueMs) / intervalMs + 0.5) * intervalMs;
      if (state.dueMs - EARLY_MS > nowMs) return;
      state.dueMs += intervalMs;
      dueNow.push(state);
    });
    // Set before the readings: running out of memory in one of them must not end the chain.
    arm();
    let slow = false;
    // Sensors may take long, and so does a new page. Other timers are late then; that is no jump of the clock.
    clock.blocked(() => {
      waking = true;
      // In the order of the device file, so that a sample is always late by the same time, unless somebody was left out.
      if (dueNow.some((state) => state.leftOut)) dueNow.sort((a, b) => (a.readAtMs < b.readAtMs ? -1 : 1));
      dueNow.forEach(read);
      waking = false;
      dueNow.forEach((state) => {
        if (state.pending && state.answered) settle(state);
        else if (state.pending) slow = true;
      });
    });
    if (slow) arm();
  }

  return {
    start() {
      const nowMs = clock.rawMs();
      states.forEach((state) => {
        state.dueMs = nowMs;
      });
      running = true;
      wake();
      return () => {
        running = false;
        arm();
      };
    },
    healthy() {
      return running && states.every((state) => clock.rawMs() - state.dueMs < OVERDUE_MS);
    },
    failing() {
      return states.some((state) => state.failing);
    },
    flashFailed() {
      return states.some((state) => state.flashFailed);
    },
    crowded() {
      return clock.rawMs() - leftOutMs < CROWDED_MS;
    },
  };
}
