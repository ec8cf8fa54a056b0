/** The words for what is wrong with a device file: where, what, and what to write instead where that can be guessed. */
import type { z } from "zod";
import { LIMITS } from "../../firmware/limits.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { MadeSensors } from "./pins/made-sensors.ts";

const VIRTUAL_PIN = /^v(0|[1-9]\d{0,2})$/;

export function isVirtualPin(value: unknown): boolean {
  return typeof value === "string" && VIRTUAL_PIN.test(value) && Number(value.slice(1)) <= LIMITS.pinMax;
}

/** The number is taken from what was written: "V1", "01", 1. */
export function sayVirtualPin(value: unknown): string {
  const number = /^[vV]?0*(\d{1,3})$/.exec(`${value}`)?.[1];
  const guess = number !== undefined && Number(number) <= LIMITS.pinMax ? `: write "v${number}"` : "";
  return `must be a virtual pin, v0 to v255${guess}`;
}

/** A text with a unit, in ms: "10s", "5 min". */
export function sayMs(value: unknown): string {
  const parts = /^([\d.]+) ?(ms|s|min|m|h|d)$/.exec(`${value}`);
  if (parts === null) return typeof value === "string" && /^\d+$/.test(value) ? `: write ${value}, without quotes` : "";
  const unitsMs: { [unit: string]: number } = { ms: 1, s: 1000, min: 60_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const ms = Number(parts[1]) * unitsMs[parts[2]];
  return Number.isInteger(ms) ? `: write ${ms}` : "";
}

/** Small numbers are most often meant as seconds. */
export function saySeconds(value: unknown, leastMs: number): string {
  const seconds = Number(value);
  return seconds > 0 && seconds * 1000 >= leastMs ? `: ${seconds} s are ${seconds * 1000}` : "";
}

export function saySensor(value: unknown): string {
  const guess = typeof value === "number" ? `: write custom(() => ${value})` : "";
  return `must be a sensor: a function that calls back with a number${guess}`;
}

/** Why a text is no server's address, with what to write; undefined if it is one. */
export function complainOfOrigin(url: string): string | undefined {
  const parts = /^(https?:\/\/)?([A-Za-z0-9.-]+)(?::(\d+))?(\/.*)?$/.exec(url);
  if (parts === null) return "must be https://HOST or https://HOST:PORT";
  const [, scheme = "https://", host, port, path = ""] = parts;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return "has a port that is not 1 to 65535";
  if (parts[1] !== undefined && path.length <= 1) return undefined;
  return `must be https://HOST or https://HOST:PORT: write "${scheme}${host}${port === undefined ? "" : `:${port}`}"`;
}

/** Datastreams whose `member` an earlier one has. */
export function findRepeated(datastreams: unknown, member: "pin" | "name"): string[] {
  if (!Array.isArray(datastreams)) return [];
  const values = datastreams.map((one) => one?.[member]);
  return values.flatMap((value, i) => {
    const first = values.indexOf(value);
    if (first === i || typeof value !== "string") return [];
    const what = member === "pin" ? value : `"${value}"`;
    const name = member === "pin" ? sayStream({ datastreams }, ["datastreams", i]) : "";
    return [`datastreams[${i}].${member} ${what} is taken by datastreams[${first}]${name}`];
  });
}

/** What is wrong with the sensors: `datastreams[0] (light): analog has no setting mni (did you mean min?)`. */
export function findSensorMistakes(device: unknown, sensors: MadeSensors): string[] {
  const given = valueAt(device, ["datastreams"]);
  const streams: { name?: unknown; sensor?: unknown }[] = Array.isArray(given) ? given : [];
  const told = new Set<string[]>();
  const mistakes = streams.flatMap((stream, i) => {
    const place = typeof stream?.name === "string" ? `datastreams[${i}] (${stream.name})` : `datastreams[${i}]`;
    const why = sensors.whyNoSensor(stream?.sensor);
    if (why !== undefined) return [`${place}: ${why}`];
    const mine = sensors.ownerOf(stream?.sensor).mistakes;
    if (told.has(mine)) return [];
    told.add(mine);
    return mine.map((text) => `${place}: ${text}`);
  });
  const unused = sensors.made.filter((one) => !told.has(one.mistakes)).flatMap((one) => one.mistakes);
  return [...mistakes, ...unused];
}

/** The value at a path in the device file; undefined where there is none. */
export function valueAt(device: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as { [key: PropertyKey]: unknown } | null)?.[key], device);
}

/** ` (datastream "light")` behind what is said of a datastream that has a name. */
function sayStream(device: unknown, path: PropertyKey[]): string {
  if (path[0] !== "datastreams" || path.length < 2) return "";
  const name = valueAt(device, [...path.slice(0, 2), "name"]);
  return typeof name === "string" && name !== "" ? ` (datastream "${name}")` : "";
}

/** One mistake that zod found. `members`: those of each part of a device file. */
export function sayIssue(issue: z.core.$ZodIssue, device: unknown, members: { [part: string]: string[] }): string {
  const path = issue.path.reduce<string>((text, key) => {
    return typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
  const where = path === "" ? "the device" : path;
  const stream = sayStream(device, issue.path);
  if (issue.code === "unrecognized_keys") {
    const part = issue.path.includes("plan") ? "plan" : String(issue.path[0] ?? "");
    const keys = issue.keys.map((key) => key + guessMember(key, part, members));
    return `${where} has no ${keys.join(", ")} (see firmware/device-types.ts)${stream}`;
  }
  const value = valueAt(device, issue.path);
  const isMissing = path !== "" && value === undefined;
  const what = isMissing ? `is missing: it ${issue.message}` : issue.message;
  return `${where} ${what}${typeof value === "string" ? guessChoice(value, issue) : ""}${stream}`;
}

function guessMember(key: string, part: string, members: { [part: string]: string[] }): string {
  const guess = didYouMean(key, members[part] ?? []);
  if (guess !== "") return guess;
  const home = Object.keys(members).find((other) => members[other].includes(key));
  if (home === undefined) return didYouMean(key, Object.values(members).flat());
  return ` (it belongs to ${home === "" ? "the device" : home})`;
}

/** The nearest of the texts that a member may have. */
function guessChoice(value: string, issue: z.core.$ZodIssue): string {
  const within = issue.code === "invalid_union" ? issue.errors.flat() : [issue];
  const choices = within.flatMap((one) => (one.code === "invalid_value" ? one.values : []));
  return didYouMean(
    value,
    choices.filter((one) => typeof one === "string"),
  );
}
