/** Images of regions as earlier format versions wrote them (README.md). */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Attempt, Charge, Counters, Fix, Mark, Mistakes } from "../../../firmware/storage/ledger/ledger-types.ts";

/** A datastream on the image: what the code that wrote it reads back. Samples are oldest first, from the oldest on flash. */
export interface HeldStream {
  pin: number;
  decimals: number;
  intervalMs: number;
  totals: { sampled: number; missed: number; failed: number; pending: number };
  cursor: number;
  mark: Mark;
  mistakes: Mistakes;
  counters: Counters;
  retired: { missed: number; failed: number };
  attempt: Attempt | undefined;
  sessions: number[];
  rawMs: number[];
  /** Scaled integers; null for a reading that could not be represented. */
  values: (number | null)[];
  /** Unix ms as the export dates them; null where nothing does. */
  trueMs: (number | null)[];
  /** As in the export: pending, sending, delivered, settled, undatable or undated. */
  states: string[];
}

export interface ImageContents {
  /** True time at which the image was taken, in Unix ms. */
  trueMs: number;
  session: number;
  lastRawMs: number;
  fixes: Fix[];
  charges: Charge[];
  streams: HeldStream[];
}

export const IMAGE_NAMES = ["fresh", "mid-week", "open-attempt", "full-ring", "removed-pin"];
/** Format versions of which there are images, by folder. */
export const IMAGE_VERSIONS = [1];

/** Each number as what it is more than the one before; null stays. So the files are small. */
function differences(numbers: (number | null)[]): (number | null)[] {
  let before = 0;
  return numbers.map((number) => {
    if (number === null) return null;
    const difference = number - before;
    before = number;
    return difference;
  });
}

function sums(differences: (number | null)[]): (number | null)[] {
  let sum = 0;
  return differences.map((difference) => {
    if (difference === null) return null;
    sum += difference;
    return sum;
  });
}

function withColumns(contents: ImageContents, change: (column: (number | null)[]) => (number | null)[]): ImageContents {
  const streams = contents.streams.map((stream) => ({
    ...stream,
    sessions: change(stream.sessions) as number[],
    rawMs: change(stream.rawMs) as number[],
    values: change(stream.values),
    trueMs: change(stream.trueMs),
  }));
  return { ...contents, streams };
}

/** What stands in an image's JSON file. */
export function toStored(contents: ImageContents): ImageContents {
  return withColumns(contents, differences);
}

/** The image `name` of a format version: the region's bytes, and what they hold. */
export function readImage(version: number, name: string): { bytes: Uint8Array; contents: ImageContents } {
  const file = (end: string) =>
    gunzipSync(readFileSync(new URL(`format-${version}/${name}.${end}.gz`, import.meta.url)));
  return { bytes: new Uint8Array(file("region")), contents: withColumns(JSON.parse(file("json").toString()), sums) };
}
