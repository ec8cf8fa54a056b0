import { type Chip, pinNumber } from "./chips.ts";
import { DRIVES, type PinOwner, type PinUse, SHARED } from "./pin-use.ts";

export interface PinFindings {
  /** Uses that can't work, one line each. */
  errors: string[];
  /** Uses that work with care. */
  warnings: string[];
}

/**
 * Holds the uses of a device file's pins against the chip. Each line names pin, place, reason and, for an error, a pin that
 * would do.
 */
export function checkPins(chip: Chip, uses: PinUse[]): PinFindings {
  const errors: string[] = [];
  const warnings: string[] = [];
  const taken = new Set(uses.map((use) => pinNumber(chip, use.pin)));
  const inOrder = [...uses].sort((one, other) => rank(one) - rank(other));
  for (const group of byPinAndOwner(inOrder)) {
    const reason = whyNot(chip, group);
    if (reason !== undefined) errors.push(`${tell(group)} ${reason}. ${instead(chip, group, taken)}`);
    else warnings.push(...carefully(chip, group));
  }
  errors.push(...findClashes(chip, inOrder, taken));
  return { errors: [...new Set(errors)], warnings: [...new Set(warnings)] };
}

/**
 * A clash is put down to the later datastream, and to LED and button last, although some sensors take their pins before
 * others are read.
 */
function rank({ owner }: PinUse): number {
  return Number(/^datastreams\[(\d+)/.exec(owner.where[0] ?? "")?.[1] ?? Number.MAX_SAFE_INTEGER);
}

/** All uses that one owner makes of one pin. */
type Group = PinUse[];

function byPinAndOwner(uses: PinUse[]): Group[] {
  const groups: Group[] = [];
  for (const use of uses) {
    const group = groups.find(([first]) => first.pin === use.pin && first.owner === use.owner);
    if (group === undefined) groups.push([use]);
    else group.push(use);
  }
  return groups;
}

const has = (group: Group, ...ways: PinUse["way"][]) => group.some((use) => ways.includes(use.way));

function place(owner: PinOwner): string {
  return owner.where.length === 0 ? owner.what : `${owner.where.join(", ")}: ${owner.what}`;
}

function tell(group: Group): string {
  return `${place(group[0].owner)} uses ${group[0].pin}:`;
}

/** Why the pin can't serve, or undefined. */
function whyNot(chip: Chip, group: Group): string | undefined {
  const number = pinNumber(chip, group[0].pin);
  if (number === undefined) return `the ${chip.name} has no such pin${guessPin(chip, group[0].pin)}`;
  if (chip.flash.includes(number)) return "the module's own flash is wired to this pin";
  if (has(group, "analog input") && !chip.analog.includes(number)) {
    return chip.adc2.includes(number)
      ? "it belongs to ADC2, which the radio uses (Espruino reads ADC1 only)"
      : "it is no analog input";
  }
  if (!chip.inputOnly.includes(number)) return undefined;
  if (has(group, ...DRIVES)) return "it is an input only, and here it has to drive its line";
  if (has(group, "input with pull-up")) return "it has no pull-up";
  return undefined;
}

/** "34", "GPIO34" and "IO34" are names that other tools give to D34. */
function guessPin(chip: Chip, name: string): string {
  const meant = `D${/^(?:GPIO|IO|G|P|D|pin ?)?_?0*(\d{1,2})$/i.exec(name)?.[1]}`;
  return pinNumber(chip, meant) === undefined ? "" : ` (did you mean ${meant}?)`;
}

function carefully(chip: Chip, group: Group): string[] {
  const number = pinNumber(chip, group[0].pin);
  if (number === undefined) return [];
  const told: string[] = [];
  // The board's own button and LED sit on strapping pins, and are wired so that the chip starts.
  const { what } = group[0].owner;
  const onBoard =
    (["LED", "button"].includes(what) && Object.values(chip.aliases).includes(number)) ||
    (what === "button" && number === chip.boot);
  const strapping = chip.strapping[number];
  if (strapping !== undefined && !onBoard) {
    told.push(`${tell(group)} a strapping pin, ${strapping}. Nothing that is wired to it may do that`);
  }
  const console = chip.console[number];
  if (console !== undefined) told.push(`${tell(group)} ${console}. Flashing and the console stop working`);
  return told;
}

/** Pins that have two owners, unless both are on the same bus, or both only read the same voltage. */
function findClashes(chip: Chip, uses: PinUse[], taken: Set<number | undefined>): string[] {
  const clashes: string[] = [];
  const groups = byPinAndOwner(uses.filter((use) => use.way !== "named"));
  groups.forEach((group, i) => {
    const number = pinNumber(chip, group[0].pin);
    const other = groups.slice(0, i).find((one) => pinNumber(chip, one[0].pin) === number && number !== undefined);
    if (other === undefined || shares(group, other)) return;
    clashes.push(
      `${tell(group)} ${place(other[0].owner)} uses it too (${other[0].way}). ${instead(chip, group, taken)}`,
    );
  });
  return clashes;
}

function shares(group: Group, other: Group): boolean {
  const ways = [...group, ...other].map((use) => use.way);
  const isOne = ways.every((way) => way === ways[0]);
  return isOne && (SHARED.includes(ways[0]) || ways[0] === "analog input");
}

/** The first pins that would do and that the device file leaves free. */
function instead(chip: Chip, group: Group, taken: Set<number | undefined>): string {
  const analog = has(group, "analog input");
  if (analog && chip.analog.length === 0) {
    return `Espruino's build for ${chip.name} reads no analog pin: use an ESP32 or an ESP32C3, or a sensor with I2C`;
  }
  const candidates = analog ? preferSafe(chip, chip.analog) : chip.freeDigital;
  const free = candidates.filter((number) => !taken.has(number)).slice(0, 3);
  return free.length === 0
    ? "No other pin is free for it"
    : `Would do: ${free.map((number) => `D${number}`).join(", ")}`;
}

/** D37 and D38 of an ESP32 are on no board's header: they come last, as do strapping pins. */
function preferSafe(chip: Chip, pins: number[]): number[] {
  const last = (number: number) =>
    chip.strapping[number] !== undefined || (chip.name === "ESP32" && [37, 38].includes(number));
  return [...pins.filter((number) => !last(number)), ...pins.filter(last)];
}
