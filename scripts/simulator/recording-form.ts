/** How a recording is written: what divides its cells, its numbers and its times. */
import { isInCalendar } from "../build/iso-time.ts";
import { durationMs } from "./duration.ts";
import { UsageError } from "./errors.ts";

/** What is left out is detected, file by file. */
export interface RecordingForm {
  delimiter?: string;
  decimal?: "," | ".";
  time?: TimeForm;
  /** As "+01:00": of times that name no zone. Default: UTC. */
  zone?: string;
  /** The column of times. Default: the first, which has to be called `time`. */
  timeColumn?: string;
  /** Rows that are further apart have a gap between them. Default: 1.5 usual distances. */
  gapMs?: number;
}

const TIME_FORMS = ["iso", "s", "ms", "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY"] as const;
type TimeForm = (typeof TIME_FORMS)[number];

const DELIMITER_NAMES: { [name: string]: string } = { comma: ",", semicolon: ";", tab: "\t", pipe: "|", space: " " };
const DECIMAL_NAMES: { [name: string]: "," | "." } = { comma: ",", point: "." };
/** What is detected, by the header. */
const DELIMITERS = [",", ";", "\t"];

/** For `--help` and messages. */
export const FORM_WORDS =
  "delimiter=comma|semicolon|tab|pipe|space, decimal=point|comma, time=iso|s|ms|DD.MM.YYYY|DD/MM/YYYY|MM/DD/YYYY, zone=+01:00, time-column=NAME, gap=10m";

/** Reads settings such as `decimal=comma`. Throws UsageError. */
export function readForm(settings: string[]): RecordingForm {
  const form: RecordingForm = {};
  for (const setting of settings) {
    const [, name, value] = /^([a-z-]+)=(.+)$/s.exec(setting) ?? [];
    const refuse = () => new UsageError(`--csv: "${setting}" is none of ${FORM_WORDS}`);
    if (name === "delimiter") form.delimiter = pick(DELIMITER_NAMES, value, refuse);
    else if (name === "decimal") form.decimal = pick(DECIMAL_NAMES, value, refuse);
    else if (name === "time") form.time = pick(Object.fromEntries(TIME_FORMS.map((one) => [one, one])), value, refuse);
    else if (name === "zone" && /^(Z|[+-]\d{2}:?\d{2})$/.test(value)) form.zone = value;
    else if (name === "time-column") form.timeColumn = value;
    else if (name === "gap") form.gapMs = gapOf(value, refuse);
    else throw refuse();
  }
  return form;
}

function pick<T>(known: { [name: string]: T }, name: string, refuse: () => UsageError): T {
  if (!Object.hasOwn(known, name)) throw refuse();
  return known[name];
}

function gapOf(text: string, refuse: () => UsageError): number {
  let ms = 0;
  try {
    ms = durationMs(text);
  } catch {
    // Refused below.
  }
  if (!(ms > 0)) throw refuse();
  return ms;
}

/** The delimiter that the header has most of. What a quoted cell holds divides nothing. */
export function delimiterOf(text: string): string {
  const header = text.split(/\r\n|\n|\r/, 1)[0].replace(/"[^"]*"/g, "");
  const count = (delimiter: string) => header.split(delimiter).length;
  return DELIMITERS.reduce((best, one) => (count(one) > count(best) ? one : best));
}

const TIME_OF_DAY = "(?:[T ]+(?<hour>\\d{1,2}):(?<minute>\\d{2})(?::(?<second>\\d{2})(?:[.,](?<fraction>\\d+))?)?)?";
const ZONE = "\\s?(?<zone>Z|[+-]\\d{2}:?\\d{2})?";
const dateForm = (date: string) => new RegExp(`^${date}${TIME_OF_DAY}${ZONE}$`);
const YEAR = "(?<year>\\d{4})";
const MONTH = "(?<month>\\d{1,2})";
const DAY = "(?<day>\\d{1,2})";
const DATES: { [form in TimeForm]?: RegExp } = {
  iso: dateForm(`${YEAR}-(?<month>\\d{2})-(?<day>\\d{2})`),
  "DD.MM.YYYY": dateForm(`${DAY}\\.${MONTH}\\.${YEAR}`),
  "DD/MM/YYYY": dateForm(`${DAY}/${MONTH}/${YEAR}`),
  "MM/DD/YYYY": dateForm(`${MONTH}/${DAY}/${YEAR}`),
};
const SINCE_1970 = /^-?\d+(\.\d+)?$/;
/** Seconds and milliseconds since 1970, by their count of digits: 2001 to 2286. */
const EPOCH_S = /^\d{10}(\.\d+)?$/;
const EPOCH_MS = /^\d{13}$/;

function formOf(text: string): TimeForm {
  if (EPOCH_MS.test(text)) return "ms";
  if (EPOCH_S.test(text)) return "s";
  return DATES["DD.MM.YYYY"]?.test(text) ? "DD.MM.YYYY" : "iso";
}

/** Unix ms of a cell, or what is wrong with it, in words. */
export function readTime(text: string, form: RecordingForm): number | string {
  const asked = form.time ?? formOf(text);
  if (asked === "s" || asked === "ms") {
    if (!SINCE_1970.test(text)) return `"${text}" is no number of ${asked} since 1970`;
    return asked === "ms" ? Number(text) : Math.round(Number(text) * 1000);
  }
  const parts = DATES[asked]?.exec(text)?.groups;
  if (parts === undefined) return sayNoTime(text, form.time);
  const { year, hour = "0", minute = "00", second = "00", fraction = "0", zone = form.zone ?? "Z" } = parts;
  const [month, day] = [parts.month.padStart(2, "0"), parts.day.padStart(2, "0")];
  if (!isInCalendar(year, month, day)) return `there is no such date: "${text}"`;
  const offset = zone.replace(/^([+-]\d{2})(\d{2})$/, "$1:$2");
  const time = `${hour.padStart(2, "0")}:${minute}:${second}.${fraction.slice(0, 3)}`;
  const ms = Date.parse(`${year}-${month}-${day}T${time}${offset}`);
  return Number.isFinite(ms) ? ms : `there is no such time of day: "${text}"`;
}

function sayNoTime(text: string, asked: TimeForm | undefined): string {
  if (asked !== undefined) return `"${text}" is not a time of the form ${asked}, with or without HH:MM:SS behind it`;
  if (/^\d{1,2}\/\d{1,2}\/\d{4}/.test(text)) {
    return `"${text}" may be a day of two months: say --csv time=DD/MM/YYYY or --csv time=MM/DD/YYYY`;
  }
  return `"${text}" is not a time: write 2026-01-31T12:00:00Z, 2026-01-31 12:00:00, 31.01.2026 12:00, or the s or ms since 1970`;
}

/** What recorders write where they had no reading. */
const NO_READING = /^(|nan|null|none|n\/?a|unavailable|unknown|-+)$/i;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** The number in a cell; NaN for a failed reading. Undefined for a text that is neither. */
export function readValue(text: string, { decimal }: RecordingForm): number | undefined {
  if (NO_READING.test(text)) return Number.NaN;
  // Thousands are not divided: 1,234 is 1.234.
  const number = decimal === "." ? text : text.replace(/^([+-]?\d*),(\d+)/, "$1.$2");
  return NUMBER.test(number) ? Number(number) : undefined;
}
