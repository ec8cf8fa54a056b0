/** The samples in a device's flash, as the charts take them. */
import { type ExportedSample, pinsOf, type StoredData, samplesOf } from "../../console/stored-data/stored-samples.ts";
import { SAMPLE_STATES } from "../protocol.ts";

export interface StoredStream {
  pin: string;
  trueMs: Float64Array;
  values: Float64Array;
  /** As `StreamView.states`; SAMPLE_STATES has no "settled": those have the number after its last. */
  states: Uint32Array;
  /** Nothing says when they were taken: no chart has them. */
  undated: number;
}

/** Of samples that are delivered or dropped, and the device does not know which. */
export const SETTLED = SAMPLE_STATES.length;

export function storedStreams(data: StoredData): StoredStream[] {
  return pinsOf(data).map((pin) => streamOf(`v${pin}`, samplesOf(data, pin)));
}

function streamOf(pin: string, samples: Iterable<ExportedSample>): StoredStream {
  const trueMs: number[] = [];
  const values: number[] = [];
  const states: number[] = [];
  let undated = 0;
  for (const { ts, value, state } of samples) {
    if (ts === undefined || value === "") {
      if (ts === undefined) undated++;
      continue;
    }
    const index = state === "settled" ? SETTLED : SAMPLE_STATES.indexOf(state);
    if (states.length > 0 && states[states.length - 1] === index) states[states.length - 2]++;
    else states.push(trueMs.length, trueMs.length + 1, index);
    trueMs.push(ts);
    values.push(Number(value));
  }
  return {
    pin,
    trueMs: Float64Array.from(trueMs),
    values: Float64Array.from(values),
    states: Uint32Array.from(states),
    undated,
  };
}
