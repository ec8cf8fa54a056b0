/** What the bench logs: a made-up room, or the columns of a recording. */
import { readRecording } from "../simulator/recording.ts";

/** Room temperature in tenths of a degree, each minute: the day's swing, the weather's slow drift, the sensor's noise. */
export function roomTemperature(random: () => number): () => number {
  let minute = 0;
  let weather = 0;
  return () => {
    minute++;
    weather += (random() - 0.5) * 0.01 - weather * 0.00001;
    const noise = (random() + random() + random() - 1.5) * 0.06;
    return Math.round(10 * (21 + 1.5 * Math.sin((minute * 2 * Math.PI) / 1440) + weather + noise));
  };
}

export interface Column {
  name: string;
  decimals: number;
  values: number[];
}

/**
 * The columns of a recording as scaled integers, without failed readings: one decimal when all values are below 100, else
 * none. Throws
 * RecordingError for a file that cannot be read, and for a cell that is not a number.
 */
export function columnsOf(path: string): Column[] {
  const recording = readRecording(path);
  return recording.columns.map((name) => {
    const readings = [...recording.column(name)].filter((value) => !Number.isNaN(value));
    const decimals = readings.every((value) => Math.abs(value) < 100) ? 1 : 0;
    return { name, decimals, values: readings.map((value) => Math.round(value * 10 ** decimals)) };
  });
}
