/** A device whose sensors replay a recording. */

import { UsageError } from "./errors.ts";
import type { GeneratedDevice, SimulatedStream } from "./generated-device.ts";
import { holdMsOf, type Recording, replay } from "./recording.ts";

export interface RecordedDevice {
  device: GeneratedDevice;
  /** Its world starts at the first row. Unix ms. */
  firstRowMs: number;
  lastRowMs: number;
  /** How long a row is held; Infinity for a recording of one row. */
  holdMs: number;
  /** Earliest end of a run that plays it to its end and delivers that. */
  playedMs: number;
}

/** Longer than from one sync to the next. */
const DRAIN_MS = 2 * 3_600_000;

/**
 * `streams`: which columns to log, as temperature=v1:1 (column=pin:decimals), separated by commas; default all of them, once a
 * minute. Throws UsageError, RecordingError.
 */
export function recordedDevice(
  recording: Recording,
  options: { streams?: string; everyMs?: number; region?: string },
): RecordedDevice {
  const intervalMs = options.everyMs ?? 60_000;
  const everything = recording.columns.map((name, i) => `${name}=v${i + 1}:2`).join(",");
  const streams = parseStreams(options.streams ?? everything, intervalMs);
  const firstRowMs = recording.times[0];
  const lastRowMs = recording.times[recording.times.length - 1];
  const sensors = new Map(streams.map((one) => [one.pin, replay(recording.times, recording.column(one.name))]));
  return {
    firstRowMs,
    lastRowMs,
    holdMs: holdMsOf(recording.times),
    playedMs: lastRowMs - firstRowMs + DRAIN_MS,
    device: {
      streams,
      region: options.region,
      value: (stream, elapsedMs) => sensors.get(stream.pin)?.(firstRowMs + elapsedMs) ?? Number.NaN,
    },
  };
}

/** `column=pin:decimals`, separated by commas. */
function parseStreams(text: string, intervalMs: number): SimulatedStream[] {
  const streams: SimulatedStream[] = [];
  for (const part of text.split(",")) {
    const parts = /^\s*([^=]+)=([^:]+):([^:]+)\s*$/.exec(part);
    if (!parts) throw new UsageError(`--streams: "${part}" is not column=pin:decimals, as temperature=v1:1`);
    const [, name, pin, decimals] = parts;
    if (!/^v(?:0|[1-9]\d{0,2})$/.test(pin) || Number(pin.slice(1)) > 255) {
      throw new UsageError(`--streams: "${pin}" is not a pin: v0 to v255`);
    }
    if (!/^[0-4]$/.test(decimals)) throw new UsageError(`--streams: "${decimals}" decimals: 0 to 4 are kept`);
    if (streams.some((one) => one.pin === pin)) throw new UsageError(`--streams: two datastreams for pin ${pin}`);
    streams.push({ name: name.trim(), pin, decimals: Number(decimals), intervalMs });
  }
  return streams;
}
