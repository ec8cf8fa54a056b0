/** What the bench logs: a made-up room, or the columns of a recording. */
import { readFileSync } from "node:fs";

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

/** The columns of a CSV after the first, as scaled integers: one decimal when all values are below 100, else none. */
export function columnsOf(path: string): Column[] {
  const [head, ...rows] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  return head
    .split(",")
    .slice(1)
    .map((name, column) => {
      const readings = rows.map((row) => Number(row.split(",")[column + 1])).filter((value) => !Number.isNaN(value));
      const decimals = Math.max(...readings.map(Math.abs)) < 100 ? 1 : 0;
      return { name, decimals, values: readings.map((value) => Math.round(value * 10 ** decimals)) };
    })
    .filter((column) => column.values.length > 0);
}
