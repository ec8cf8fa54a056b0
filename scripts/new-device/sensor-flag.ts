/** The text of `--sensor`: `bme280`, `analog:pin=D34,scale=330`, `bme280:only=temperature+humidity,every=5m,name=roof`. */
import { InvalidArgumentError } from "commander";
import { didYouMean } from "../build/did-you-mean.ts";
import { type Quantity, SENSOR_KINDS, type SensorKind, type Setting } from "../build/pins/sensor-kinds.ts";
import { durationMs } from "../simulator/duration.ts";
import type { SensorValues } from "./wanted-device.ts";

export interface SensorFlag {
  kind: SensorKind;
  /** What was said; the rest is proposed. */
  values: SensorValues;
  quantities: Quantity[];
  name?: string;
  intervalMs?: number;
}

/** Throws commander's InvalidArgumentError. */
export function parseSensorFlag(text: string): SensorFlag {
  const colon = text.indexOf(":");
  const kind = kindCalled(colon < 0 ? text : text.slice(0, colon));
  const flag: SensorFlag = { kind, values: {}, quantities: kind.quantities };
  for (const part of colon < 0 ? [] : text.slice(colon + 1).split(",")) {
    const [, key, value] = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(part) ?? [];
    if (key === undefined) throw new InvalidArgumentError(`"${part}" is not KEY=VALUE, such as pin=D34.`);
    if (key === "name") flag.name = value;
    else if (key === "every") flag.intervalMs = parseInterval(value, kind);
    else if (key === "only") flag.quantities = value.split("+").map((name) => quantityCalled(kind, name));
    else flag.values[key] = parseValue(kind, key, value);
  }
  return flag;
}

function kindCalled(name: string): SensorKind {
  const kind = SENSOR_KINDS.find((one) => one.name === name.toLowerCase());
  if (kind !== undefined) return kind;
  const names = SENSOR_KINDS.map((one) => one.name);
  throw new InvalidArgumentError(
    `There is no sensor ${name}${didYouMean(name, names)}. There are: ${names.join(", ")}.`,
  );
}

/** The name by which a person asks for a quantity. */
function quantityCalled(kind: SensorKind, name: string): Quantity {
  const found = kind.quantities.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = kind.quantities.map((one) => one.name);
  throw new InvalidArgumentError(`${kind.name} has no ${name}${didYouMean(name, names)}: it has ${names.join(", ")}.`);
}

function parseValue(kind: SensorKind, key: string, value: string): string | number {
  const settings = kind.args.flatMap((one) => (one.is === "settings" ? one.members : []));
  const setting = settings.find((one) => one.name === key);
  if (setting !== undefined) {
    const complaint = complainOfSetting(setting, value);
    if (complaint !== undefined) throw new InvalidArgumentError(`${kind.name}: ${key} ${complaint}.`);
    return setting.is === "number" ? Number(value) : value;
  }
  const argument = kind.args.find((one) => one.name === key && one.is !== "settings" && one.is !== "function");
  if (argument?.is === "choice") {
    if (argument.of.includes(Number(value))) return Number(value);
    const choices = argument.of.map((one) => `0x${one.toString(16)}`);
    throw new InvalidArgumentError(`${kind.name}: ${key} must be ${choices.join(" or ")}, not ${value}.`);
  }
  if (argument !== undefined) return value;
  const own = kind.args.filter((one) => one.is !== "settings" && one.is !== "function").map((one) => one.name);
  const keys = [...own, ...settings.map((one) => one.name), "name", "every", "only"];
  throw new InvalidArgumentError(`${kind.name} has no ${key}${didYouMean(key, keys)}. It has: ${keys.join(", ")}.`);
}

/** Why a text can't be a setting, or undefined. */
export function complainOfSetting(setting: Setting, text: string): string | undefined {
  if (setting.is === "choice") {
    return setting.of.includes(text) ? undefined : `must be ${setting.of.join(" or ")}, not ${text}`;
  }
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return `must be a number, not ${text || "nothing"}`;
  if (setting.isWhole && !Number.isInteger(value)) return `must be a whole number, not ${text}`;
  return setting.min !== undefined && value < setting.min ? `must be at least ${setting.min}, not ${text}` : undefined;
}

const INTERVAL_MIN_MS = 100;

/** Why a text is no interval of a sensor, or undefined. */
export function complainOfInterval(text: string, kind?: SensorKind): string | undefined {
  let ms: number;
  try {
    ms = durationMs(text);
  } catch (error) {
    return (error as Error).message;
  }
  const leastMs = kind?.intervalMinMs ?? INTERVAL_MIN_MS;
  if (ms < leastMs)
    return `${kind?.name ?? "a sensor"} needs ${leastMs < 1000 ? `${leastMs}ms` : `${leastMs / 1000}s`} or more`;
  return Number.isInteger(ms) ? undefined : "an interval must be whole milliseconds";
}

function parseInterval(text: string, kind: SensorKind): number {
  const complaint = complainOfInterval(text, kind);
  if (complaint !== undefined) throw new InvalidArgumentError(`${complaint}.`);
  return durationMs(text);
}
