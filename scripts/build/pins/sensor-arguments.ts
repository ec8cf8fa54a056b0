import { didYouMean } from "../did-you-mean.ts";
import {
  type Argument,
  exampleCall,
  findSensorKind,
  isOptional,
  type SensorKind,
  type Setting,
} from "./sensor-kinds.ts";

/**
 * What is wrong with the arguments of a call of a sensor's function, each as `analog has no setting mni (did you mean min?)`.
 * Nothing for a function that is no kind of sensor.
 */
export function findArgumentMistakes(name: string, given: unknown[]): string[] {
  const kind = findSensorKind(name);
  if (kind === undefined) return [];
  const mistakes = kind.args.flatMap((argument, i) => mistakesOf(kind, argument, given[i]));
  if (given.length > kind.args.length) {
    mistakes.push(`${name}: ${say(given[kind.args.length])} is one argument too many, as in ${exampleCall(kind)}`);
  }
  return mistakes;
}

function mistakesOf(kind: SensorKind, argument: Argument, value: unknown): string[] {
  const its = `${kind.name}: ${argument.name}`;
  if (value === undefined) {
    if (isOptional(argument)) return [];
    return argument.is === "settings"
      ? missingSettings(kind, argument.members)
      : [`${its} is missing (${argument.what}), as in ${exampleCall(kind)}`];
  }
  switch (argument.is) {
    // The globals D0 to D48 are pins, too, and objects here.
    case "pin":
      if (typeof value === "string" || (typeof value === "object" && value !== null && /^D\d/.test(`${value}`)))
        return [];
      return [`${its} must be a pin's name in quotes, not ${say(value)}`];
    case "choice":
      if (argument.of.includes(value as number)) return [];
      return [`${its} must be ${argument.of.map(hexadecimal).join(" or ")}, not ${say(value)}`];
    case "text":
      return typeof value === "string" ? [] : [`${its} must be a text (${argument.what}), not ${say(value)}`];
    case "function":
      return typeof value === "function" ? [] : [`${its} must be a ${argument.what}, not ${say(value)}`];
    case "settings":
      return settingMistakes(kind, argument.members, value);
  }
}

/** Where all settings may be left out, the object may not: the firmware reads its members. */
function missingSettings(kind: SensorKind, members: Setting[]): string[] {
  const needs = members.filter(isNeeded).map((one) => one.name);
  return [
    `${kind.name}: the settings are missing${needs.length > 0 ? ` (${needs.join(", ")})` : ""}, as in ${exampleCall(kind)}`,
  ];
}

function isNeeded(setting: Setting): boolean {
  return setting.is === "number" && setting.needed === true;
}

function settingMistakes(kind: SensorKind, members: Setting[], value: unknown): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [`${kind.name}: the settings must be an object, not ${say(value)}`];
  }
  const given = value as { [name: string]: unknown };
  const names = members.map((one) => one.name);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  const mistakes = unknown.map((name) => {
    const guess = didYouMean(name, names);
    return `${kind.name} has no setting ${name}${guess === "" ? `: it has ${names.join(", ")}` : guess}`;
  });
  for (const setting of members) {
    const text = complaintAbout(setting, given[setting.name]);
    if (text !== undefined) mistakes.push(`${kind.name}: ${setting.name} ${text}`);
  }
  if (typeof given.min === "number" && typeof given.max === "number" && given.min >= given.max) {
    mistakes.push(`${kind.name}: min (${given.min}) must be below max (${given.max})`);
  }
  return mistakes;
}

function complaintAbout(setting: Setting, value: unknown): string | undefined {
  if (value === undefined) return isNeeded(setting) ? `is missing (${setting.what})` : undefined;
  if (setting.is === "choice") {
    if (setting.of.includes(value as string)) return undefined;
    return `must be ${setting.of.map((one) => `"${one}"`).join(" or ")}, not ${say(value)}`;
  }
  if (typeof value !== "number" || !Number.isFinite(value)) return `must be a number, not ${say(value)}`;
  if (setting.isWhole && !Number.isInteger(value)) return `must be a whole number, not ${value}`;
  return setting.min !== undefined && value < setting.min ? `must be at least ${setting.min}, not ${value}` : undefined;
}

function hexadecimal(number: number): string {
  return `0x${number.toString(16)}`;
}

/** A value as a person may have written it. */
export function say(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}
