/**
 * The simulator's own record of what was measured and what of it is on flash, kept without asking the firmware.
 *
 * Sensors are wrapped before the bundle is built (device-source.ts), so each reading is seen with its true time and
 * value. A reading counts as sampled once the callback in which its value was handed over has ended and the region's
 * flash took at least as many programs in it as there were values: an append reads back before it returns. If power goes
 * in the middle of such a callback, its values may be whole on flash or not, and both are right. The count of the next
 * mount decides, but only about those values: any other count shows as an imbalance.
 */
import { counted } from "../build/counted.ts";
import type { Crystal } from "./crystal.ts";
import type { World } from "./world.ts";

export interface Reading {
  trueMs: number;
  value: number;
}

export interface PinRecord {
  pin: number;
  /** Of readings that count as sampled: true time in Unix ms, and value. */
  trueMs: number[];
  values: number[];
  /** Readings handed over while the power went; the next mount decides about them. */
  undecided: Reading[];
  /** Readings that gave no number, hung or threw. */
  failed: number;
  /** What does not add up, a sentence each. */
  problems: string[];
}

export interface Recorder {
  pins: Map<number, PinRecord>;
  /** The script harms the firmware's ledger: its counters may begin anew, and it may not know what it has delivered. */
  accountLost: boolean;
  /** Begins a reading: the sample's time is this one. */
  begin(pin: number): Reading;
  /** The value of a reading goes to the firmware now. */
  handOver(pin: number, reading: Reading, value: number): void;
  /** The region's flash completed a program. */
  programmed(): void;
  callbackEnded(): void;
  /** The power went, or the chip restarted. */
  cut(): void;
  /** A time server's true answer has reached the device. */
  timeTold(): void;
  /** Largest error of a reading's time in ms, for a clock that is set at each of those answers and then runs on its crystal. */
  uncorrectedMsMax(): number;
  /** A mount has counted these samples of a datastream. */
  mounted(pin: number, sampled: number): void;
}

export function createRecorder(world: World, crystal?: Crystal): Recorder {
  const pins = new Map<number, PinRecord>();
  let handed: { pin: number; reading: Reading }[] = [];
  let programs = 0;
  // How far ahead the crystal was, in ms, when the time was told last; unknown after each boot.
  let aheadWhenTold: number | undefined;
  let uncorrectedMsMax = 0;

  const aheadMs = (): number => (crystal ? crystal.ticksAt(world.nowMs()) - world.nowMs() : 0);

  function of(pin: number): PinRecord {
    let record = pins.get(pin);
    if (!record) {
      record = { pin, trueMs: [], values: [], undecided: [], failed: 0, problems: [] };
      pins.set(pin, record);
    }
    return record;
  }

  function keep(pin: number, reading: Reading): void {
    const record = of(pin);
    // A reading that a mount decided about belongs before those taken since that mount.
    let at = record.trueMs.length;
    while (at > 0 && record.trueMs[at - 1] > reading.trueMs) at--;
    if (at === record.trueMs.length) {
      record.trueMs.push(reading.trueMs);
      record.values.push(reading.value);
    } else {
      record.trueMs.splice(at, 0, reading.trueMs);
      record.values.splice(at, 0, reading.value);
    }
  }

  return {
    pins,
    accountLost: false,
    begin(pin) {
      of(pin);
      if (aheadWhenTold !== undefined) {
        uncorrectedMsMax = Math.max(uncorrectedMsMax, Math.abs(aheadMs() - aheadWhenTold));
      }
      return { trueMs: world.trueMs(), value: Number.NaN };
    },
    handOver(pin, reading, value) {
      if (typeof value !== "number" || !Number.isFinite(value)) {
        of(pin).failed++;
        return;
      }
      reading.value = value;
      handed.push({ pin, reading });
    },
    programmed() {
      programs++;
    },
    callbackEnded() {
      // Fewer programs than values: an answer came too late and was not taken, or an append failed.
      if (handed.length > 0) {
        if (programs >= handed.length) for (const { pin, reading } of handed) keep(pin, reading);
        handed = [];
      }
      programs = 0;
    },
    cut() {
      for (const { pin, reading } of handed) of(pin).undecided.push(reading);
      handed = [];
      programs = 0;
      aheadWhenTold = undefined;
    },
    timeTold() {
      aheadWhenTold = aheadMs();
    },
    uncorrectedMsMax: () => uncorrectedMsMax,
    mounted(pin, sampled) {
      const record = of(pin);
      // Oldest first: a reading can't be on flash without those before it.
      while (record.undecided.length > 0 && sampled > record.trueMs.length) {
        keep(pin, record.undecided.shift() as Reading);
      }
      record.undecided = [];
      if (sampled < record.trueMs.length)
        record.problems.push(`v${pin}: ${counted(record.trueMs.length - sampled, "sample")} lost in a restart`);
      if (sampled > record.trueMs.length)
        record.problems.push(`v${pin}: ${counted(sampled - record.trueMs.length, "sample")} came from nowhere`);
    },
  };
}
