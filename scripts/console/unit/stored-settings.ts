import { crc32 } from "node:zlib";
import { FieldError } from "../terminal/field-error.ts";
import type { Secrets } from "../terminal/secrets.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { type CompleteSettings, checkSettings, type UnitSettings } from "./unit-settings.ts";

export const SETTINGS_FILE = "backfill.json";

/** Everything in the settings that must not be shown. */
export function keepSecrets(secrets: Secrets, settings: UnitSettings): void {
  secrets.keep(settings.token);
  secrets.keep(settings.consolePassword);
  for (const network of settings.networks ?? []) secrets.keep(network.password);
}

/** The settings on the device, as far as they are usable; {} where there are none. */
export async function readStoredSettings(device: DeviceConsole, secrets: Secrets): Promise<UnitSettings> {
  const bytes = await device.evaluateBytes(`require("Storage").read("${SETTINGS_FILE}")||""`);
  if (bytes.length === 0) return {};
  try {
    const settings = checkSettings(JSON.parse(bytes.toString("utf8")));
    keepSecrets(secrets, settings);
    return settings;
  } catch {
    return {};
  }
}

/**
 * Writes the settings in one go and reads their checksum back. A cut in between leaves none or none readable: the unit
 * then logs on without sending, and is provisioned again.
 */
export async function writeStoredSettings(device: DeviceConsole, settings: CompleteSettings): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(settings), "utf8");
  await device.sendFile(SETTINGS_FILE, bytes);
  const stored = await device.evaluate(
    `(function(c){return c?[c.length,E.CRC32(c)]:0})(require("Storage").read("${SETTINGS_FILE}"))`,
  );
  if (!Array.isArray(stored) || stored[0] !== bytes.length || stored[1] !== crc32(bytes)) {
    throw new FieldError(
      "The settings did not arrive whole.",
      "Repeat the command. Until then the unit logs on but may not send.",
    );
  }
}
