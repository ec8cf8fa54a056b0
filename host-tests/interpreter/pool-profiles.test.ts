/**
 * The firmware with two datastreams in the pools of JsVars that real builds have. What does not fit today is stated, with
 * figures.
 */
import { afterEach, describe, expect, it } from "vitest";
import { LIMITS } from "../../firmware/limits.ts";
import { POOL_PROFILES, type PoolProfile } from "../../scripts/interpreter/esp32.ts";
import { ESPRUINO } from "../../scripts/interpreter/interpreter.ts";
import { ballast, readPool } from "../../scripts/interpreter/pool.ts";
import { createLogger, imbalance, type Logger, STATUS, type Status } from "./logger.ts";

const pool = ESPRUINO === "" ? undefined : await readPool();

let logger: Logger | undefined;
afterEach(async () => {
  await logger?.stop();
  logger = undefined;
});

type Outcome = "delivers" | "logs, and refuses to sync for want of memory" | "runs out of memory while it starts";

/** The aim is “delivers” in every line. */
const TODAY: { [name: string]: Outcome } = {
  "IDF3 without Bluetooth": "delivers",
  IDF5: "logs, and refuses to sync for want of memory",
  "ESP32-C3": "logs, and refuses to sync for want of memory",
};

/**
 * Why a profile can't be tried on this build, or "". A build with larger JsVars flatters a little: what does not fit there
 * does not fit the profile either. A build of 13 bytes has 4,095 JsVars at most, and the tests' prelude takes some 700 of them.
 */
function whyNot({ blockBytes, jsVars }: PoolProfile): string {
  if (pool === undefined) return "no interpreter";
  if (pool.unlike !== "") return pool.unlike;
  if (pool.blockBytes < blockBytes) return `its JsVars have ${pool.blockBytes} bytes`;
  return pool.jsVars < jsVars ? `it has ${pool.jsVars} JsVars` : "";
}

/** Boots the firmware with so many JsVars, lets it log, gives it Wi-Fi, and says how far it came. */
async function live({ name, jsVars }: PoolProfile): Promise<Outcome> {
  logger = await createLogger({ intervalMs: 500, afterPrelude: ballast(jsVars) });
  const device = logger.boot();
  await device.line(/^backfill \S+ logging 2 datastreams/);
  const first = await device.line(/OUT OF MEMORY|sync: no access point|sync: server not reached/, 30_000);
  // An interpreter that has no memory left for a line of its boot code may end.
  await Promise.race([device.ended, new Promise((resolve) => setTimeout(resolve, 500))]);
  if (/OUT OF MEMORY/.test(first + device.output())) return "runs out of memory while it starts";
  await device.until<Status>(STATUS, ({ streams }) => streams.every((stream) => stream.sampled > 10));
  // The sync at the start may have been refused too, while the start still held memory.
  const refusals = () => device.lines().filter((line) => /sync refused/.test(line)).length;
  const before = refusals();
  await device.evaluate("(air.up=true,setTimeout(backfill.sync,50))");
  const isDone = () => refusals() > before || device.lines().some((line) => /sync: everything sent/.test(line));
  await expect.poll(isDone, { timeout: 60_000 }).toBe(true);
  const status = await device.evaluate<Status>(STATUS);
  const free = status.memory.total - status.memory.used;
  console.log(`${name}: ${free} of ${jsVars} JsVars are free, ${LIMITS.deliveryMemoryFreeMin} are needed for a sync`);
  expect(imbalance(status)).toBe("");
  expect(status.streams.map((stream) => stream.failed)).toEqual([0, 0]);
  expect(device.output()).not.toMatch(/Uncaught|removing it|MEMORY/);
  if (status.streams.every((stream) => stream.delivered > 0)) return "delivers";
  expect(device.output()).toMatch(/sync refused/);
  return "logs, and refuses to sync for want of memory";
}

describe.each(POOL_PROFILES)("in a pool of $jsVars JsVars of $blockBytes bytes ($name), the firmware", (profile) => {
  const reason = whyNot(profile);
  const today = TODAY[profile.name];
  if (pool !== undefined && reason !== "") console.warn(`SKIPPED: the pool of ${profile.name}. This build: ${reason}.`);
  else if (today !== "delivers")
    console.warn(`TOO LARGE for the pool of ${profile.name}: today the firmware ${today}.`);

  it.skipIf(reason !== "")(today, { timeout: 120_000 }, async () => {
    expect(await live(profile)).toBe(today);
  });
});
