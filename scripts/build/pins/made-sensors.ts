/** The sensors that a device file makes: which function made each, and what is wrong with its call. */
import { didYouMean } from "../did-you-mean.ts";
import { ownerCalled, type PinOwner } from "./pin-use.ts";
import { findArgumentMistakes } from "./sensor-arguments.ts";
import { exampleCall, findSensorKind } from "./sensor-kinds.ts";

export interface MadeSensors {
  /** Wraps an export of firmware/sensors, so that what it makes is known to be its own. */
  observe(name: string, make: unknown): unknown;
  /** Who owns a sensor: the call that made it, or, of a function of the device file, a new owner. */
  ownerOf(sensor: unknown): PinOwner;
  /** All calls that made sensors, in their order. */
  made: PinOwner[];
  /** Why a value that is no sensor isn't one, and what to write: undefined if that isn't known. */
  whyNoSensor(value: unknown): string | undefined;
}

/** `within` runs a function on behalf of an owner. */
export function createMadeSensors(within: <T>(mine: PinOwner, work: () => T) => T): MadeSensors {
  const owners = new Map<unknown, PinOwner>();
  const made: PinOwner[] = [];
  /** The wrapped functions themselves, and the objects of sensors that they made. */
  const names = new Map<unknown, string>();
  const chips = new Map<unknown, { name: string; members: string[] }>();

  /** A sensor, or an object or a list of sensors. */
  function ownedBy(mine: PinOwner, result: unknown): unknown {
    if (typeof result === "function") {
      const owned = (...args: unknown[]) => within(mine, () => result(...args));
      owners.set(owned, mine);
      return owned;
    }
    if (Array.isArray(result)) return result.map((one) => ownedBy(mine, one));
    if (typeof result !== "object" || result === null) return result;
    const owned = Object.fromEntries(Object.entries(result).map(([key, one]) => [key, ownedBy(mine, one)]));
    return findSensorKind(mine.what) === undefined ? owned : withKnownMembers(mine, owned);
  }

  /** A member that it does not have is a mistake of its own, told where it becomes a datastream's sensor. */
  function withKnownMembers(mine: PinOwner, sensors: { [name: string]: unknown }): unknown {
    const known = Object.keys(sensors);
    const watched = new Proxy(sensors, {
      get(_, key) {
        if (typeof key !== "string" || key in sensors) return Reflect.get(sensors, key);
        const text = `${mine.what} has no ${key}${didYouMean(key, known)}: it has ${known.join(", ")}`;
        return placeholder({ ...ownerCalled(mine.what), mistakes: [text] });
      },
    });
    chips.set(watched, { name: mine.what, members: known });
    return watched;
  }

  /** Stands for a sensor that can't be made, and for all its members. */
  function placeholder(mine: PinOwner): unknown {
    const stand: unknown = new Proxy(() => {}, {
      get: (target, key) => (key === "length" || typeof key === "symbol" ? Reflect.get(target, key) : stand),
    });
    owners.set(stand, mine);
    return stand;
  }

  function call(name: string, make: (...args: unknown[]) => unknown, args: unknown[]): unknown {
    const mine = ownerCalled(name);
    mine.mistakes.push(...findArgumentMistakes(name, args));
    made.push(mine);
    const kind = findSensorKind(name);
    if (kind === undefined) return within(mine, () => ownedBy(mine, make(...args)));
    try {
      return within(mine, () => ownedBy(mine, make(...args)));
    } catch (error) {
      const reason = String((error as Error).message).replace(`${name}: `, "");
      if (mine.mistakes.length === 0) mine.mistakes.push(`${name}: ${reason}, as in ${exampleCall(kind)}`);
      return placeholder(mine);
    }
  }

  return {
    made,
    observe(name, make) {
      if (typeof make !== "function") return make;
      const observed = (...args: unknown[]) => call(name, make as (...args: unknown[]) => unknown, args);
      names.set(observed, name);
      return observed;
    },
    ownerOf(sensor) {
      let mine = owners.get(sensor);
      if (mine === undefined) {
        mine = ownerCalled("its function");
        owners.set(sensor, mine);
      }
      return mine;
    },
    whyNoSensor(value) {
      const name = names.get(value);
      const kind = name === undefined ? undefined : findSensorKind(name);
      if (kind !== undefined) {
        const member = kind.quantities[0].member;
        return `${name} is not called: write ${exampleCall(kind)}${member === undefined ? "" : `.${member}`}`;
      }
      const chip = chips.get(value);
      if (chip === undefined) return undefined;
      const choices = chip.members.map((member) => `.${member}`).join(" or ");
      return `${chip.name} has several sensors: write ${choices} behind it`;
    },
  };
}
