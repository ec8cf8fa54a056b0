import { crc32 } from "node:zlib";
import { FieldError } from "../terminal/field-error.ts";
import type { Secrets } from "../terminal/secrets.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { type CompleteSettings, checkSettings, keepSecrets, type UnitSettings } from "./unit-settings.ts";

/** The Storage file with the unit's settings. */
const FILE = "backfill.json";
/** Storage files that belong to the unit, not to its program; `backfill.server` is the region that Blynk sent it to. */
export const UNIT_FILES = [FILE, "backfill.server"];

/** The settings on the device; {} when there are none or they are not usable. */
export async function readStoredSettings(device: DeviceConsole, secrets: Secrets): Promise<UnitSettings> {
  const bytes = await device.evaluateBytes(`require("Storage").read("${FILE}")||""`);
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
 * Writes the settings as one file and compares their checksum on the device. A power cut during the write leaves no
 * readable settings: the unit then logs without sending, until it is provisioned again.
 */
export async function writeStoredSettings(device: DeviceConsole, settings: CompleteSettings): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(settings), "utf8");
  await device.sendFile(FILE, bytes);
  const stored = await device.evaluate(
    `(function(c){return c?[c.length,E.CRC32(c)]:0})(require("Storage").read("${FILE}"))`,
  );
  if (!Array.isArray(stored) || stored[0] !== bytes.length || stored[1] !== crc32(bytes)) {
    throw new FieldError(
      "The settings did not arrive whole.",
      "Repeat the command. Until then the unit keeps logging, but it may not send.",
    );
  }
}
