import type { DeviceStatus } from "../../../firmware/status-types.ts";
import type { DeviceConsole } from "../transport/device-console.ts";

/** The firmware's status; undefined when no firmware runs. */
export async function readStatus(device: DeviceConsole): Promise<DeviceStatus | undefined> {
  const status = await device.evaluate('typeof backfill=="undefined"?null:backfill.status()');
  return status === null || status === undefined ? undefined : (status as DeviceStatus);
}
