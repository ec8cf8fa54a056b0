/**
 * The JsVars that stay free in every phase of a day, in the pools of the boards, with as many datastreams as package.json
 * promises for each (`datastreamsInPool`: datastreams by JsVars).
 */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { makeBacklog } from "../../scripts/interpreter/backlog.ts";
import { POOL_PROFILES, type PoolProfile } from "../../scripts/interpreter/esp32.ts";
import { ESPRUINO, type Interpreter, LINUX_FLASH } from "../../scripts/interpreter/interpreter.ts";
import { ballast, METER, readPool } from "../../scripts/interpreter/pool.ts";
import { writeRegion } from "../../scripts/interpreter/provision-flash.ts";
import { createLogger, imbalance, type Logger, STATUS, type Status } from "./logger.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const promised: { [jsVars: string]: number } = manifest["espruino-backfill"].datastreamsInPool ?? {};
/** Of the pool: what a board's own modules, other firmware versions and pieces too small to use may take. */
const SPARE_SHARE = 0.15;
/** Above Storage, and large enough for 16 datastreams. */
const REGION = { address: LINUX_FLASH.address + 1024 * 1024, bytes: 256 * 1024 };
/** Requests start at 1,000 points and double: 1,000, 2,000, 4,000, 8,000 come before one of 10,000. */
const SAMPLES = 25_500;

const pool = ESPRUINO === "" ? undefined : await readPool();
const flashBytesMin = REGION.address - LINUX_FLASH.address + REGION.bytes;

/** Why a pool can't be tried, or "". */
function whyNot({ blockBytes, jsVars }: PoolProfile): string {
  if (pool === undefined) return "there is no interpreter";
  if (promised[jsVars] === undefined) return "package.json promises no number of datastreams for it";
  if (pool.unlike !== "") return `this build says nothing about it: ${pool.unlike}`;
  if (pool.blockBytes !== blockBytes) return `this build's JsVars have ${pool.blockBytes} bytes`;
  if (pool.flashBytes < flashBytesMin) return `this build's flash has ${pool.flashBytes} bytes`;
  return pool.jsVars < jsVars ? `this build has ${pool.jsVars} JsVars` : "";
}

let logger: Logger | undefined;
afterEach(async () => {
  await logger?.stop();
  logger = undefined;
});

const pinsOf = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

/** v1 has enough for a request of 10,000 points, and v2 a page that is about to be full. */
function makeFlash(count: number, pageBytes: number): Uint8Array {
  const streams = pinsOf(count).map((pin) => ({ pin, intervalMs: pin === 1 ? 60_000 : 500, decimals: 1 }));
  const value = (index: number, pin: number) => (pin === 1 ? 215 + Math.round(6 * Math.sin(index / 300)) : 200);
  const steady = { pageBytes, region: REGION, value, streams: streams.slice(1, 2) };
  let fullPage = 50;
  while (makeBacklog({ ...steady, samples: fullPage + 50 }).usedPages === 1) fullPage += 50;
  const samplesOf = { 1: SAMPLES, 2: fullPage - 20 };
  return makeBacklog({ ...steady, streams, samples: 100, samplesOf }).bytes;
}

async function boot({ jsVars }: PoolProfile, count: number): Promise<Interpreter> {
  const sources = pinsOf(count).map((pin) => {
    return `{ pin: "v${pin}", name: "n${pin}", intervalMs: ${pin === 1 ? 60_000 : 500}, decimals: 1, sensor: custom(() => 20) }`;
  });
  logger = await createLogger({
    datastreams: `[${sources.join()}]`,
    region: REGION,
    afterPrelude: METER + ballast(jsVars),
  });
  writeRegion(logger.folder, makeFlash(count, pool?.pageBytes ?? 0), REGION);
  return logger.boot();
}

/** Runs the phases one after another. Returns the least number of free JsVars in each. */
async function freeInPhases(device: Interpreter): Promise<{ [phase: string]: number }> {
  const free: { [phase: string]: number } = {};
  let read = 0;
  let total = 0;
  async function phase(name: string, run: () => Promise<unknown>): Promise<void> {
    if (total > 0) await device.evaluate("meter.start()");
    await run();
    await device.evaluate("meter.look()");
    total ||= await device.evaluate<number>("process.memory().total");
    const lines = device.lines();
    const peaks = lines.slice(read).filter((line) => line.startsWith("PEAK "));
    read = lines.length;
    expect(peaks, name).not.toEqual([]);
    free[name] = total - Number(peaks[peaks.length - 1].slice(5));
  }
  const verdicts = () => device.lines().filter((line) => /\] sync: everything sent/.test(line)).length;
  async function sync(): Promise<void> {
    const before = verdicts();
    await device.evaluate("(air.up=true,setTimeout(backfill.sync,50))");
    await expect.poll(verdicts, { timeout: 150_000, interval: 50 }).toBeGreaterThan(before);
  }
  await phase("start", async () => {
    await device.line(/^backfill \S+ logging/);
    await device.line(/sync: no access point|sync refused/, 30_000);
  });
  await phase("logging, and taking a page", async () => {
    const { ring } = await device.evaluate<Status>(STATUS);
    await device.until<Status>(STATUS, (status) => status.ring.usedPages > ring.usedPages, 60_000);
  });
  await phase("status", async () => {
    // It reads no flash, where the meter looks: the meter looks while the answer is held, and the status itself in the middle.
    const look = `(function(){var status=${STATUS};meter.look();return status.memory.used})()`;
    const used = await device.evaluate<number>(look);
    await device.evaluate(`print("PEAK "+Math.max(meter.peak,${used}))`);
  });
  await phase("10,000-point request", sync);
  await phase("small sync", sync);
  await phase("told time", () => device.evaluate(`backfill.setTime(${Date.now()},5000)`));
  return free;
}

describe.each(POOL_PROFILES.filter(({ blockBytes }) => blockBytes === 14))(
  "in the pool of $jsVars JsVars ($name)",
  { timeout: 300_000 },
  (profile) => {
    const reason = whyNot(profile);
    const count = promised[profile.jsVars] ?? 0;
    if (pool !== undefined && reason !== "")
      console.warn(`SKIPPED: spare memory in ${profile.jsVars} JsVars: ${reason}.`);

    it.skipIf(reason !== "")(`${count} datastreams leave 15 % free in every phase`, async () => {
      const device = await boot(profile, count);
      const free = await freeInPhases(device);
      const least = Math.ceil(profile.jsVars * SPARE_SHARE);
      const figures = Object.entries(free).map(([name, jsVars]) => `${name} ${jsVars}`);
      console.log(
        `${count} datastreams in ${profile.jsVars} JsVars, free at the least: ${figures.join(", ")} (${least} needed)`,
      );
      const { pointsMaxInRequest, violations } = (logger as Logger).standIn.stats();
      expect(violations).toEqual([]);
      expect(pointsMaxInRequest).toBe(10_000);
      expect(imbalance(await device.evaluate<Status>(STATUS))).toBe("");
      expect(device.output()).not.toMatch(/Uncaught|removing it|MEMORY/);
      expect(Object.entries(free).filter(([, jsVars]) => jsVars < least)).toEqual([]);
    });
  },
);
