import { FieldError } from "../terminal/field-error.ts";
import { readUserFile } from "../terminal/user-file.ts";
import { checkSettings, type UnitSettings } from "./unit-settings.ts";

const NOTHING_WRITTEN = "Nothing was written to any device.";

export interface Unit {
  /** Its name in the file, for people. */
  unit: string;
  /** The port in the file, if there is one. */
  port?: string;
  settings: UnitSettings;
}

/** The units in the file at `path`, all checked. Throws a `FieldError`. */
export function readUnitsFile(path: string): Unit[] {
  return parseUnits(readUserFile(path).toString("utf8"), path);
}

/**
 * The unit of this name; upper case, lower case and spaces need not agree where only one unit fits. Throws a `FieldError` that
 * lists the units of the file.
 */
export function unitNamed(units: Unit[], name: string, file: string): Unit {
  const loose = (text: string) => text.toLowerCase().replace(/\s/g, "");
  const alike = units.filter(({ unit }) => loose(unit) === loose(name));
  const found = units.find(({ unit }) => unit === name) ?? (alike.length === 1 ? alike[0] : undefined);
  if (found !== undefined) return found;
  throw new FieldError(`${file} has no unit ${name}.`, `It has ${units.map(({ unit }) => unit).join(", ")}.`);
}

/**
 * Units from the text of a file: one unit's object, a list of them, or { common: {…}, units: […] } where a unit's own
 * members override the common ones. A unit has the members of backfill.json, and may have `unit` (its name) and `port`.
 * Throws a `FieldError` that names the file and quotes nothing from it.
 */
export function parseUnits(json: string, file: string): Unit[] {
  const { common, list } = splitCommon(parseJson(json, file), file);
  const units = list.map((entry, i) => parseUnit(entry, `unit ${i + 1}`, common, file));
  refuseTwins(units, file);
  return units;
}

function parseJson(json: string, file: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    // The engine's own message quotes the text around the error, which may hold a password.
    const position = /position (\d+)/.exec((error as Error).message);
    const before = position === null ? json : json.slice(0, Number(position[1]));
    const line = before.split("\n").length;
    throw new FieldError(`${file} is not JSON: look at line ${line}.`, NOTHING_WRITTEN);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function splitCommon(parsed: unknown, file: string): { common: Record<string, unknown>; list: unknown[] } {
  let common: Record<string, unknown> = {};
  let list: unknown = parsed;
  if (isObject(parsed) && "units" in parsed) {
    const { units, common: shared = {}, ...rest } = parsed;
    if (Object.keys(rest).length > 0 || !isObject(shared)) {
      throw new FieldError(`${file} has to be { "common": {…}, "units": […] }.`, NOTHING_WRITTEN);
    }
    common = shared;
    list = units;
  } else if (isObject(parsed)) list = [parsed];
  if (Array.isArray(list) && list.length > 0) return { common, list };
  throw new FieldError(`${file} names no unit.`, 'It has to be a list of units, or { "common": {…}, "units": […] }.');
}

function parseUnit(entry: unknown, nameByDefault: string, common: Record<string, unknown>, file: string): Unit {
  if (!isObject(entry)) throw new FieldError(`${file}: ${nameByDefault} is not an object.`, NOTHING_WRITTEN);
  const { unit = nameByDefault, port, ...own } = entry;
  if (typeof unit !== "string" || (port !== undefined && typeof port !== "string")) {
    throw new FieldError(`${file}: ${nameByDefault}: “unit” and “port” have to be text.`, NOTHING_WRITTEN);
  }
  return { unit, port, settings: checkSettings({ ...common, ...own }, `${file}, ${unit}`) };
}

/** Two units with the same token would mix their samples in one device of Blynk. */
function refuseTwins(units: Unit[], file: string): void {
  const names = new Set<string>();
  const tokens = new Map<string, string>();
  for (const { unit, settings } of units) {
    if (names.has(unit)) throw new FieldError(`${file}: ${unit} is there twice.`, NOTHING_WRITTEN);
    names.add(unit);
    if (settings.token === undefined) continue;
    const twin = tokens.get(settings.token);
    if (twin !== undefined) {
      throw new FieldError(
        `${file}: ${twin} and ${unit} have the same token.`,
        "Create one device per unit in Blynk, and use the token of each.",
      );
    }
    tokens.set(settings.token, unit);
  }
}
