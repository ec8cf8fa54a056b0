import { counted } from "../../build/counted.ts";
import { FieldError } from "../terminal/field-error.ts";
import type { DeviceTerminal } from "../transport/choose-port.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { askForMissing } from "./entered-settings.ts";
import { readStoredSettings } from "./stored-settings.ts";
import { type CompleteSettings, keepSecrets, requireComplete, type UnitSettings } from "./unit-settings.ts";
import type { Unit } from "./units-file.ts";

/** Blynk's tokens. A server of one's own may have others. */
const TOKEN_CHARS = 32;

/** The board on the port belongs to another unit of the file. */
export class OtherUnitsBoard extends FieldError {}

export interface Provisioning {
  unit: Unit;
  /** All units of the file: a board with another one's token is refused. */
  family: Unit[];
  /** Settings on the device that are not given are deleted. */
  fresh?: boolean;
  /** The board may have been another unit's. */
  reassign?: boolean;
}

/**
 * The settings to put on this device: what is there, then what the unit says, then what a person answers. Writes nothing.
 * Throws a `FieldError` when they are not complete, and `OtherUnitsBoard`.
 */
export async function settingsToStore(
  device: DeviceConsole,
  { unit, family, fresh, reassign }: Provisioning,
  terminal: DeviceTerminal,
): Promise<CompleteSettings> {
  const stored = await readStoredSettings(device, terminal.secrets);
  if (!reassign) refuseOtherUnitsBoard(stored, unit, family);
  const kept = fresh ? {} : stored;
  const asked = terminal.interactive ? await askForMissing({ ...kept, ...unit.settings }, terminal) : {};
  keepSecrets(terminal.secrets, asked);
  const settings = requireComplete({ ...kept, ...unit.settings, ...asked });
  if (settings.token.length !== TOKEN_CHARS) {
    terminal.remark(
      `${terminal.colors.yellow("!")} The token of ${unit.unit} has ${counted(settings.token.length, "character")}; Blynk's have ${TOKEN_CHARS}. Was it copied whole? \`npm run doctor\` asks the server.`,
    );
  }
  return settings;
}

function refuseOtherUnitsBoard(stored: UnitSettings, unit: Unit, family: Unit[]): void {
  if (stored.token === undefined || stored.token === unit.settings.token) return;
  const owner = family.find((other) => other !== unit && other.settings.token === stored.token);
  if (owner === undefined) return;
  throw new OtherUnitsBoard(
    `This board is ${owner.unit}: it has the token of ${owner.unit}.`,
    `Connect the board of ${unit.unit}. If this one is to become ${unit.unit}, say so with --reassign. Nothing was written to it.`,
  );
}

/** In words, without secrets. */
export function describeSettings({ networks, server, token }: CompleteSettings): string {
  const names = networks.map((network) => `“${network.ssid}”`).join(", ");
  const which = networks.length === 1 ? "network" : "networks";
  return `${which} ${names}, ${server ?? "the device file's server"}, a token of ${counted(token.length, "character")}`;
}
