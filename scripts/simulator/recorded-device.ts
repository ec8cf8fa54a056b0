/** A device whose sensors show a recording: made from its columns, or a device file whose datastreams are called as they are. */
import { loadDevice } from "../build/device-file.ts";
import { didYouMean } from "../build/did-you-mean.ts";
import type { SimulatedDevice, SimulatedStream } from "./device-source.ts";
import { UsageError } from "./errors.ts";
import { type Recording, readRecording } from "./recording.ts";
import { readForm } from "./recording-form.ts";
import { replay, usualDistanceMs } from "./replay.ts";

export interface RecordedOptions {
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

export interface RecordedDevice {
  device: SimulatedDevice;
  /** Unix ms of the first and the last row. The world starts at the first. */
  firstRowMs: number;
  lastRowMs: number;
  /** False for one row, which holds for ever. */
  ends: boolean;
  /** What a person should know: columns and datastreams that have no counterpart. */
  remarks: string[];
}

const INTERVAL_MS = 60_000;

/** Throws RecordingError, UsageError, and what `loadDevice` throws. */
export async function recordedDevice(options: RecordedOptions): Promise<RecordedDevice> {
  const form = readForm(options.csv ?? []);
  const recording = readRecording(options.data, form);
  const [firstRowMs] = recording.times;
  const lastRowMs = recording.times[recording.times.length - 1];
  const ends = Number.isFinite(usualDistanceMs(recording.times));
  const sensor = (column: string) => {
    const read = replay(recording.times, recording.column(column), form.gapMs);
    return (elapsedMs: number) => read(firstRowMs + elapsedMs);
  };
  const found = { firstRowMs, lastRowMs, ends };
  const { region, intervalMs } = options;
  if (options.device !== undefined) {
    const { datastreams: streams } = await loadDevice({ deviceFile: options.device });
    const columns = matchColumns(recording, streams, options.map ?? []);
    const readings = new Map([...columns].map(([pin, column]) => [pin, sensor(column)]));
    const device = { file: options.device, region, intervalMs, readings };
    return { device, ...found, remarks: sayUnmatched(recording, streams, columns) };
  }
  const streams = streamsOf(recording, options.streams, intervalMs ?? INTERVAL_MS);
  const sensors = new Map(streams.map((one) => [one.pin, sensor(one.name)]));
  const value = (stream: SimulatedStream, elapsedMs: number) => sensors.get(stream.pin)?.(elapsedMs) ?? Number.NaN;
  return { device: { streams, region, value }, ...found, remarks: [] };
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

/** The columns that `--streams` names, else all, on v1, v2, … with two decimals. Throws UsageError. */
function streamsOf({ columns }: Recording, text: string | undefined, intervalMs: number): SimulatedStream[] {
  if (text !== undefined) return parseStreams(text, intervalMs);
  if (columns.length > PIN_MAX) {
    throw new UsageError(
      `the recording has ${columns.length} columns, and there are ${PIN_MAX} pins: choose with --streams`,
    );
  }
  return columns.map((name, i) => ({ name, pin: `v${i + 1}`, decimals: 2, intervalMs }));
}

const PIN_MAX = 255;

/** `column=pin:decimals`, separated by commas. The name of a column may have commas itself. */
function parseStreams(text: string, intervalMs: number): SimulatedStream[] {
  const streams: SimulatedStream[] = [];
  // Only a comma behind `=pin:decimals` divides.
  for (const part of text.split(/(?<==[^=:,]*:[^=:,]*),/)) {
    const parts = /^\s*([^=]+)=([^:]+):([^:]+)\s*$/.exec(part);
    if (!parts) throw new UsageError(`--streams: "${part}" is not column=pin:decimals, as temperature=v1:1`);
    const [, name, pin, decimals] = parts;
    if (!/^v(?:0|[1-9]\d{0,2})$/.test(pin) || Number(pin.slice(1)) > PIN_MAX) {
      throw new UsageError(`--streams: "${pin}" is not a pin: v0 to v255`);
    }
    if (!/^[0-4]$/.test(decimals)) throw new UsageError(`--streams: "${decimals}" decimals: 0 to 4 are kept`);
    if (streams.some((one) => one.pin === pin)) throw new UsageError(`--streams: two datastreams for pin ${pin}`);
    streams.push({ name: name.trim(), pin, decimals: Number(decimals), intervalMs });
  }
  return streams;
}
