/** A recording for `--data`: a device of its own, or a device file whose datastreams are called as the columns are. */
import { loadDevice } from "../build/device-file.ts";
import { didYouMean } from "../build/did-you-mean.ts";
import type { SimulatedDevice } from "./device-source.ts";
import { UsageError } from "./errors.ts";
import { type RecordedDevice, recordedDevice, sensorOf, spanOf } from "./recorded-device.ts";
import { type Recording, readRecording } from "./recording.ts";
import { readForm } from "./recording-form.ts";

export interface PlayOptions {
  /** Path of the CSV. */
  data: string;
  /** `delimiter=semicolon`, …: how it is written, where that is not detected. */
  csv?: string[];
  device?: string;
  /** `column=datastream`, for `device`. */
  map?: string[];
  /** `column=pin:decimals, …` without `device`. */
  streams?: string;
  intervalMs?: number;
  region?: string;
}

export interface PlayedRecording extends Omit<RecordedDevice, "device"> {
  device: SimulatedDevice;
  /** What a person should know: columns and datastreams that have no counterpart. */
  remarks: string[];
}

/** Throws RecordingError, UsageError, and what `loadDevice` throws. */
export async function playRecording(options: PlayOptions): Promise<PlayedRecording> {
  const form = readForm(options.csv ?? []);
  const recording = readRecording(options.data, form);
  const { region, intervalMs, streams } = options;
  if (options.device === undefined) {
    const recorded = recordedDevice(recording, { streams, everyMs: intervalMs, region, gapMs: form.gapMs });
    return { ...recorded, remarks: [] };
  }
  const { datastreams } = await loadDevice({ deviceFile: options.device });
  const columns = matchColumns(recording, datastreams, options.map ?? []);
  const readings = new Map([...columns].map(([pin, column]) => [pin, sensorOf(recording, column, form.gapMs)]));
  const device = { file: options.device, region, intervalMs, readings };
  return { device, ...spanOf(recording), remarks: sayUnmatched(recording, datastreams, columns) };
}

interface Named {
  pin: string;
  name: string;
}

const sameName = (a: string, b: string) => a.trim().toLowerCase() === b.trim().toLowerCase();

/** Pin → column: as `--map` says, else by the datastream's name. Throws UsageError where no column is of any datastream. */
function matchColumns({ columns }: Recording, streams: Named[], map: string[]): Map<string, string> {
  const chosen = new Map<string, string>();
  for (const part of map) {
    const [, column = "", wanted = ""] = /^(.+)=([^=]+)$/s.exec(part) ?? [];
    if (column === "") throw new UsageError(`--map: "${part}" is not column=datastream, as "T outside"=temperature`);
    if (!columns.includes(column)) {
      throw new UsageError(`--map: the recording has no column "${column}"${didYouMean(column, columns)}`);
    }
    const stream = streams.find((one) => sameName(one.name, wanted) || one.pin === wanted.trim());
    if (stream === undefined) {
      const names = streams.map((one) => one.name);
      throw new UsageError(
        `--map: the device file has no datastream "${wanted}"${didYouMean(wanted, names)}: it has ${names.join(", ")}`,
      );
    }
    if (chosen.has(stream.pin)) throw new UsageError(`--map: two columns for the datastream "${stream.name}"`);
    chosen.set(stream.pin, column);
  }
  for (const { pin, name } of streams) {
    const column = columns.find((one) => sameName(one, name));
    if (column !== undefined && !chosen.has(pin)) chosen.set(pin, column);
  }
  if (chosen.size > 0) return chosen;
  throw new UsageError(
    `no column of the recording is called as a datastream: the columns are ${columns.join(", ")}; the datastreams are ${streams
      .map((one) => one.name)
      .join(", ")}. Say which is which with --map column=datastream`,
  );
}

function sayUnmatched({ columns }: Recording, streams: Named[], chosen: Map<string, string>): string[] {
  const used = new Set(chosen.values());
  const unused = columns.filter((column) => !used.has(column));
  const without = streams.filter(({ pin }) => !chosen.has(pin)).map(({ name }) => name);
  const remarks: string[] = [];
  if (unused.length > 0) remarks.push(`no datastream for the ${list("column", unused)}: not used (--map)`);
  if (without.length > 0) {
    remarks.push(`no column for the ${list("datastream", without)}: made-up readings of a room (--map)`);
  }
  return remarks;
}

const list = (what: string, names: string[]) => `${what}${names.length === 1 ? "" : "s"} ${names.join(", ")}`;
