import { setTimeout as sleep } from "node:timers/promises";
import type { DeviceConsole } from "./device-console.ts";

/** Where an answer waits on the device until it is fetched. Hidden names would do too, but this one says whose it is. */
const SLOT = "backfillAnswer";
const POLL_MS = 200;

/**
 * Runs `start(answer)` on the device, `answer` being the name of a function to call with the result, and waits for it.
 * Undefined when there was no answer in time.
 */
export async function awaitCallback(
  device: DeviceConsole,
  start: (answer: string) => string,
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
