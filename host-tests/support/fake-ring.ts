/** A ring of plain arrays: what the upload needs of one, and knobs for what rarely happens. */
import {
  type Position,
  positionOf as ringPositionOf,
  sampleIndexOf,
  sequenceOf,
} from "../../firmware/storage/format/position.ts";
import { accountOf } from "../../firmware/storage/ledger/state.ts";
import type { Reader } from "../../firmware/storage/ring/reader.ts";
import type { Storage } from "../../firmware/storage/ring/ring.ts";
import type { SampleSource } from "../../firmware/upload/sample-source.ts";

export interface FakeSample {
  session: number;
  rawMs: number;
  /** Scaled integer; NaN = unrepresentable. */
  value: number;
  /** Can't be read any more. */
  corrupt?: boolean;
}

/** As the ring answers, whatever storage it is asked of: only the ledger is that one's. */
export interface FakeRing extends Omit<SampleSource, "date" | "now"> {
  samples: { [pin: number]: FakeSample[] };
  add(pin: number, session: number, rawMs: number, value: number): void;
  intervalMsOf: number;
  decimalsOf: { [pin: number]: number };
  priorityOf: { [pin: number]: number };
  pieceMax: number;
}

/** Position of the n-th sample: pages of 1,000, so that positions are not contiguous. */
const SAMPLES_PER_PAGE = 1000;
const FIRST_SEQUENCE = 7;
export const positionOf = (index: number): Position =>
  ringPositionOf(FIRST_SEQUENCE + Math.floor(index / SAMPLES_PER_PAGE), index % SAMPLES_PER_PAGE);
const indexOf = (position: Position): number =>
  position === 0 ? 0 : (sequenceOf(position) - FIRST_SEQUENCE) * SAMPLES_PER_PAGE + sampleIndexOf(position);
/** As the ring has it: behind the last sample of a page, not before the first of the next. */
export const endOf = (index: number): number => (index === 0 ? 0 : positionOf(index - 1) + 1);

const cursorOf = (storage: Storage, pin: number): Position => accountOf(storage.ledger, pin).cursor;

export function createFakeRing(): FakeRing {
  const samples: { [pin: number]: FakeSample[] } = {};
  const of = (pin: number): FakeSample[] => samples[pin] ?? [];
  const ring: FakeRing = {
    samples,
    intervalMsOf: 60_000,
    decimalsOf: {},
    priorityOf: {},
    pieceMax: 40,
    add: (pin, session, rawMs, value) => {
      samples[pin] ??= [];
      samples[pin].push({ session, rawMs, value });
    },
    pins: () => Object.keys(samples).map(Number),
    priority: (_, pin) => ring.priorityOf[pin] ?? 2,
    decimals: (_, pin) => ring.decimalsOf[pin] ?? 1,
    intervalMs: () => ring.intervalMsOf,
    head: (storage, pin) => {
      const at = indexOf(cursorOf(storage, pin));
      const sample = of(pin)[at];
      return sample && { position: cursorOf(storage, pin), session: sample.session, rawMs: sample.rawMs };
    },
    totals: (storage, pin) => ({
      sampled: of(pin).length,
      missed: 0,
      failed: 0,
      pending: of(pin).length - indexOf(cursorOf(storage, pin)),
    }),
    count: (_, pin, from, to) => Math.min(indexOf(to), of(pin).length) - indexOf(from),
    end: (_, pin, from, points) => positionOf(Math.min(indexOf(from) + points, of(pin).length)),
    reader: (_, pin, from, to) => {
      let at = indexOf(from);
      const all = of(pin);
      const reader: Reader = {
        session: 0,
        rawMs: [],
        values: [],
        position: from,
        corrupt: 0,
        folded: false,
        next: () => {
          const end = to === Number.POSITIVE_INFINITY ? all.length : Math.min(indexOf(to), all.length);
          while (at < end && all[at].corrupt) {
            at++;
            reader.corrupt++;
          }
          reader.rawMs = [];
          reader.values = [];
          if (at < end) reader.session = all[at].session;
          while (at < end && reader.rawMs.length < ring.pieceMax) {
            const sample = all[at];
            if (sample.session !== reader.session) break;
            // As in the real ring, a piece lies within one page, and samples within it may be lost.
            if (reader.rawMs.length > 0 && at % SAMPLES_PER_PAGE === 0) break;
            at++;
            if (sample.corrupt) {
              reader.corrupt++;
              continue;
            }
            reader.rawMs.push(sample.rawMs);
            reader.values.push(sample.value);
          }
          // Behind the last sample of a page, not before the first of the next.
          if (at > 0) reader.position = positionOf(at - 1) + 1;
          return reader.rawMs.length;
        },
      };
      return reader;
    },
  };
  return ring;
}
