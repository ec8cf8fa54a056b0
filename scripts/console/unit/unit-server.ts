import type { Device } from "../../../firmware/device-types.ts";
import type { DeviceStatus } from "../../../firmware/status-types.ts";
import type { UnitSettings } from "./unit-settings.ts";

/** What is known of a unit when its server is asked for; what is not known is undefined. */
export interface UnitKnowledge {
  /** An option of the command. */
  option?: string;
  status?: DeviceStatus;
  settings?: UnitSettings;
  /** The unit's device file, and its name for people. */
  file?: { device: Device; path: string };
}

export interface UnitServer {
  url: string;
  /** Who says so, in words. */
  from: string;
}

/**
 * The server that a unit sends to: what the command was told, what the running firmware says (Blynk may have sent it on to
 * another region), what was provisioned, what the device file says, in this order. Undefined when nobody knows: no tool takes a
 * server of its own.
 */
export function serverOfUnit({ option, status, settings, file }: UnitKnowledge): UnitServer | undefined {
  if (option !== undefined) return { url: option, from: "--server" };
  // An older firmware does not say.
  if (status?.server) return { url: status.server, from: "the unit" };
  if (settings?.server !== undefined) return { url: settings.server, from: "the unit's settings" };
  return file && { url: file.device.server.url, from: file.path };
}
