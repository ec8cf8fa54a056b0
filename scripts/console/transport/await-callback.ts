import { setTimeout as sleep } from "node:timers/promises";
import type { DeviceConsole } from "./device-console.ts";

/** The global variable on the device that holds the answer until it is fetched. Its name says whose it is. */
const SLOT = "backfillAnswer";
const POLL_MS = 200;

/**
 * For functions on the device that answer by callback. Evaluates `start(callback)`, where `callback` is the device's
 * expression for the function to call with the result, and waits for that call. Undefined when it did not come in time.
 */
export async function awaitCallback(
  device: DeviceConsole,
  start: (callback: string) => string,
  timeoutMs: number,
): Promise<unknown> {
  await device.evaluate(`(delete global.${SLOT},${start(`(function(v){global.${SLOT}={v:v}})`)},0)`, timeoutMs + 20000);
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const slot = (await device.evaluate(`global.${SLOT}||null`)) as { v?: unknown } | null;
    if (slot !== null || Date.now() >= deadlineMs) {
      await device.evaluate(`(delete global.${SLOT},0)`);
      return slot?.v;
    }
    await sleep(POLL_MS);
  }
}
