import { FieldError } from "../terminal/field-error.ts";
import type { DeviceTerminal } from "../transport/choose-port.ts";
import type { DeviceConsole } from "../transport/device-console.ts";

/** Assumed error of this computer's clock. Most computers set it by NTP; nothing here checks that. */
export const HOST_CLOCK_BOUND_MS = 2000;

/**
 * Tells the firmware the time of this computer's clock, so that its samples are dated before it meets a time server. The device
 * names a moment of its raw time, and half of the time that the question took is the error beside that of the computer's clock.
 * A firmware that does not answer, or can't be told, is no error: it goes on as before.
 */
export async function tellTime(device: DeviceConsole, terminal: DeviceTerminal): Promise<void> {
  const nowMs = terminal.nowMs ?? Date.now;
  try {
    const askedMs = nowMs();
    const moment = await device.evaluate('typeof backfill=="object"&&backfill.setTime?backfill.setTime():null');
    const halfMs = (nowMs() - askedMs) / 2;
    if (!Array.isArray(moment)) return;
    const boundMs = Math.ceil(halfMs) + HOST_CLOCK_BOUND_MS;
    const [session, rawMs] = moment.map(Number);
    const told = `${Math.round(askedMs + halfMs)},${boundMs},${rawMs},${session}`;
    const refusal = await device.evaluate(`backfill.setTime(${told})`);
    terminal.remark(
      refusal === ""
        ? `Told the unit the time of this computer, within ${boundMs} ms. Leave its power on for 10 s more, so that it is stored.`
        : `The unit did not take the time of this computer: ${refusal}.`,
    );
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    terminal.remark(`The unit could not be told the time: ${error.message}`);
  }
}
