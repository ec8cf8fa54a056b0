/** A device whose sensors show a recording, a datastream for each column. */
import { UsageError } from "./errors.ts";
import type { GeneratedDevice, SimulatedStream } from "./generated-device.ts";
import type { Recording } from "./recording.ts";
import { replay, usualDistanceMs } from "./replay.ts";

export interface RecordedDevice {
  device: GeneratedDevice;
  /** Unix ms of the first and the last row. The world starts at the first. */
  firstRowMs: number;
  lastRowMs: number;
  /** False for one row, which holds for ever. */
  ends: boolean;
  /** Earliest end of a run that plays it to its end and delivers that. */
  playedMs: number;
}

/** Longer than from one sync to the next. */
const DRAIN_MS = 2 * 3_600_000;
const INTERVAL_MS = 60_000;

/** What shows a column, by the time since the first row. */
export function sensorOf(recording: Recording, column: string, gapMs?: number): (elapsedMs: number) => number {
  const read = replay(recording.times, recording.column(column), gapMs);
  const firstRowMs = recording.times[0];
  return (elapsedMs) => read(firstRowMs + elapsedMs);
}

/** When a recording begins and ends, for a run that plays it. */
export function spanOf({ times }: Recording): Omit<RecordedDevice, "device"> {
  const firstRowMs = times[0];
  const lastRowMs = times[times.length - 1];
  const ends = Number.isFinite(usualDistanceMs(times));
  return { firstRowMs, lastRowMs, ends, playedMs: lastRowMs - firstRowMs + DRAIN_MS };
}

/**
 * `streams`: which columns to log, as temperature=v1:1 (column=pin:decimals), separated by commas; default all of them, once a
 * minute. `gapMs`: rows that lie farther apart have a gap between them. Throws UsageError, RecordingError.
 */
export function recordedDevice(
  recording: Recording,
  options: { streams?: string; everyMs?: number; region?: string; gapMs?: number },
): RecordedDevice {
  const streams = streamsOf(recording, options.streams, options.everyMs ?? INTERVAL_MS);
  const sensors = new Map(streams.map((one) => [one.pin, sensorOf(recording, one.name, options.gapMs)]));
  const value = (stream: SimulatedStream, elapsedMs: number) => sensors.get(stream.pin)?.(elapsedMs) ?? Number.NaN;
  return { device: { streams, region: options.region, value }, ...spanOf(recording) };
}

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
