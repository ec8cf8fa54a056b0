/** What a new device file shall have: the answers of a person or of the command line's flags. */
import { CHIPS, type ChipName } from "../build/pins/chips.ts";
import type { Argument, Quantity, SensorKind, Setting } from "../build/pins/sensor-kinds.ts";

/** A value that an argument or a setting of a sensor has, by the name in its signature. */
export interface SensorValues {
  [name: string]: string | number;
}

export interface WantedSensor {
  kind: SensorKind;
  values: SensorValues;
  /** Those of the kind's that become datastreams. */
  quantities: Quantity[];
  /** Name of the datastream, or the beginning of the names of several. */
  name?: string;
  intervalMs: number;
}

export interface WantedDevice {
  name: string;
  board: ChipName;
  sensors: WantedSensor[];
  url: string;
  allowPlainHttp: boolean;
  region: string;
  /** Undefined: the radio is always on. */
  connectEveryMs?: number;
  /** Pins, or "none". */
  led: string;
  button: string;
}

export const NONE = "none";

/**
 * The BOOT button and the LED of common boards: DOIT ESP32 DevKit v1 (D0, D2), ESP32-C3-DevKitM-1 (D9; its LED is addressed,
 * which a plain output can't light), ESP32-S3-DevKitC-1 (D0; the same LED). Sources: Espressif's user guides.
 * UNVERIFIED on boards.
 */
export const PANELS: { [board in ChipName]: { led: string; button: string } } = {
  ESP32: { led: "D2", button: "D0" },
  ESP32C3: { led: NONE, button: "D9" },
  ESP32S3: { led: NONE, button: "D0" },
};

/** Proposes pins and addresses that the device file does not use yet. */
export interface FreePins {
  /** A pin that would do for an argument beside those in `values`; chips on I²C share theirs. Undefined if there is none. */
  propose(argument: Argument & { is: "pin" }, values?: SensorValues): string | undefined;
  /** An I²C address that no sensor has. */
  proposeAddress(choices: number[]): number | undefined;
  /** Notes what a sensor uses. */
  take(sensor: WantedSensor): void;
}

const BUS = ["sda", "scl"];
/** I²C by custom. */
const BUS_PINS: { [name: string]: number } = { sda: 21, scl: 22 };

export function freePins(board: ChipName, taken: string[]): FreePins {
  const chip = CHIPS[board];
  const used = new Set(taken);
  const bus: { [name: string]: string } = {};
  const addresses = new Set<number>();

  return {
    propose({ name, need }, values = {}) {
      if (BUS.includes(name) && bus[name] !== undefined) return bus[name];
      const analog = chip.analog.filter((number) => chip.strapping[number] === undefined);
      const usual = chip.freeDigital.includes(BUS_PINS[name]) ? [BUS_PINS[name]] : [];
      // D21 and D22 of an ESP32 stay for I²C as long as there are others.
      const others = chip.freeDigital.filter((number) => board !== "ESP32" || (number !== 21 && number !== 22));
      const candidates = need === "analog" ? analog : [...usual, ...others];
      return candidates
        .map((number) => `D${number}`)
        .find((pin) => !used.has(pin) && !Object.values(values).includes(pin));
    },
    proposeAddress: (choices) => choices.find((address) => !addresses.has(address)),
    take({ kind, values }) {
      for (const argument of kind.args) {
        const value = values[argument.name];
        if (argument.is === "pin" && value !== undefined) {
          used.add(String(value));
          if (BUS.includes(argument.name)) bus[argument.name] = String(value);
        }
        if (argument.is === "choice") addresses.add(Number(value ?? argument.of[0]));
      }
    },
  };
}

/**
 * All values of a sensor: those `given`, and what a new device file starts with for the rest. A pin is left out if none is free,
 * and so is what a sensor does without.
 */
export function completeValues(kind: SensorKind, given: SensorValues, pins: FreePins): SensorValues {
  const values = { ...given };
  for (const argument of kind.args) {
    if (argument.is === "pin") {
      const pin = values[argument.name] ?? pins.propose(argument, values);
      if (pin !== undefined) values[argument.name] = pin;
    } else if (argument.is === "choice") {
      const address = values[argument.name] ?? pins.proposeAddress(argument.of);
      if (address !== undefined && address !== argument.of[0]) values[argument.name] = address;
    } else if (argument.is === "settings") {
      for (const member of argument.members) {
        const initial = initialOf(member, given);
        if (values[member.name] === undefined && initial !== undefined) values[member.name] = initial;
      }
    }
  }
  return values;
}

/** What a setting starts with beside those that are given; undefined if it is left out. */
export function initialOf(setting: Setting, given: SensorValues): number | undefined {
  if (setting.is === "choice" || (setting.unless !== undefined && given[setting.unless] !== undefined))
    return undefined;
  return setting.initial;
}

/** Names of datastreams, each once: "temperature", then "temperature 2". */
export function streamNames(sensors: WantedSensor[]): string[][] {
  const given = new Set<string>();
  return sensors.map(({ name, quantities }) => {
    return quantities.map((quantity) => {
      const whole = quantities.length === 1 ? (name ?? quantity.name) : [name, quantity.name].filter(Boolean).join(" ");
      let free = whole;
      for (let i = 2; given.has(free); i++) free = `${whole} ${i}`;
      given.add(free);
      return free;
    });
  });
}
