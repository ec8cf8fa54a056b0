/** The firmware when memory is short. It is never the firmware itself that makes it short. */
import { afterEach, describe, expect, it } from "vitest";
import { LIMITS } from "../../firmware/limits.ts";
import { ESPRUINO, type Interpreter } from "../../scripts/interpreter/interpreter.ts";
import { BALLAST, readPool } from "../../scripts/interpreter/pool.ts";
import {
  bootAndSync,
  committed,
  createLogger,
  imbalance,
  type Logger,
  STATUS,
  type Status,
  syncUntil,
} from "./logger.ts";
import { makeQuickClock, type QuickClock } from "./quick-clock.ts";
import { KICKS, SHORTAGE } from "./shortage.ts";

const pool = ESPRUINO === "" ? undefined : await readPool();
if (pool?.grows) console.warn("SKIPPED: running out of memory. This build's pool grows when it is full.");

let logger: Logger | undefined;
afterEach(async () => {
  await logger?.stop();
  logger = undefined;
});

/** Runs out of memory once after a fix, when the planner reads the flash. */
const STARVED_PLAN = `
(function () {
  var log = console.log;
  console.log = function (text) {
    log(text);
    if (text.indexOf("time: SNTP") > 0) starveAt(3);
  };
})();
`;

/** A build with ESP-IDF 5, with quick intervals; `E.reboot` only says so. */
const NO_WATCHDOG = `
(function () {
  var real = process, env = Object.assign({}, process.env), interval = setInterval;
  env.BOARD = "ESP32_IDF5";
  global.process = { env: env, memory: function (gc) { return real.memory(gc); } };
  global.setInterval = function (callback, delayMs) { return interval(callback, delayMs / FACTOR); };
  E.reboot = function () { print("REBOOT"); };
})();
`;

const SENT = /sync: everything sent/;

/** How many of the lines until now match. */
const count = (device: Interpreter, pattern: RegExp) => device.lines().filter((line) => pattern.test(line)).length;

/** Resolves once `more` further lines have matched. */
async function further(device: Interpreter, pattern: RegExp, more: number, timeoutMs: number): Promise<void> {
  const before = count(device, pattern);
  await expect
    .poll(() => count(device, pattern) - before, { interval: 10, timeout: timeoutMs })
    .toBeGreaterThanOrEqual(more);
}

/** A device with a quick clock, after its first sync. */
async function start(clock: QuickClock, intervalMs: number): Promise<Interpreter> {
  logger = await createLogger({ intervalMs, clock, afterPrelude: KICKS + SHORTAGE + BALLAST });
  return bootAndSync(logger);
}

/** Presses the button of `prelude.js`. */
async function press(device: Interpreter): Promise<void> {
  await device.evaluate("panel.press(false)");
  await device.evaluate("setTimeout(panel.press,300,true)");
}

const delivered = (status: Status) => status.streams.map((stream) => stream.delivered);

/** From outside: every sample that was certainly on flash is on the server, and nothing is counted twice. */
function expectAllKept(from: Logger, certain: Set<number>, status: Status): void {
  const values = [...from.standIn.points()].filter(({ pin }) => pin === "v1").map(({ value }) => Number(value));
  const onServer = new Set(values);
  expect([...certain].filter((value) => !onServer.has(value))).toEqual([]);
  expect(onServer.size).toBe(values.length);
  expect(imbalance(status)).toBe("");
  for (const stream of status.streams) expect(new Set(Object.values(stream.dropped))).toEqual(new Set([0]));
  expect(status.streams[0].delivered).toBe(values.length);
  expect(from.standIn.violations).toEqual([]);
}

describe.skipIf(ESPRUINO === "")("when memory is short", { timeout: 90_000 }, () => {
  it("refuses a sync and says so, logs on, and delivers everything when memory is free again", async () => {
    // A build unlike an ESP32 may also be slow, which a quick clock takes for jumps.
    const device = await start(makeQuickClock(pool?.unlike === "" ? 10 : 1), 1000);
    const before = await device.evaluate<Status>(STATUS);
    await device.evaluate(`hoardUntil(${LIMITS.deliveryMemoryFreeMin - 100})`);
    await press(device);
    const line = await device.line(/sync refused/);
    const [, free, needed] = /^\[error\] sync refused: (\d+) of \d+ JsVars are free, (\d+) needed$/.exec(line) ?? [];
    expect(Number(needed)).toBe(LIMITS.deliveryMemoryFreeMin);
    expect(Number(free)).toBeLessThan(LIMITS.deliveryMemoryFreeMin);
    const grown = (status: Status) => status.streams[0].sampled > before.streams[0].sampled + 10;
    const refused = await device.until<Status>(STATUS, grown, 30_000);
    expect(refused.verdictText).toBe("server not reached");
    expect(imbalance(refused)).toBe("");
    expect(delivered(refused)).toEqual(delivered(before));
    expect(device.output()).not.toMatch(/OUT OF MEMORY/);

    await device.evaluate("release()");
    const enough = refused.streams[0].sampled;
    let after = refused;
    // On a busy machine the quick clock seems to jump, and such a sync ends before everything is sent.
    for (let presses = 0; presses < 5 && (after.verdict !== 0 || after.streams[0].delivered < enough); presses++) {
      await Promise.all([further(device, /\] sync: /, 1, 20_000), press(device)]);
      after = await device.evaluate<Status>(STATUS);
    }
    expect(after.verdictText).toBe("everything sent");
    expect(after.streams[0].delivered).toBeGreaterThanOrEqual(enough);
    expectAllKept(logger as Logger, new Set(committed(device, 1).slice(0, enough)), after);
  });
});

/** Waits until the kicks stop for the watchdog's time, then cuts the power, as the chip's restart does. */
async function starveWatchdog(device: Interpreter, clock: QuickClock, timeoutS: number): Promise<void> {
  let kicks = -1;
  let kickedMs = 0;
  for (;;) {
    const now = count(device, /^KICK/);
    if (now !== kicks) kickedMs = Date.now();
    kicks = now;
    if (Date.now() - kickedMs > (timeoutS * 1000) / clock.factor) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await device.kill();
}

describe.skipIf(!pool || pool.grows)("out of memory", { timeout: 180_000 }, () => {
  it.each([
    ["the sampler's timer is", 4000],
    ["all timers are", 13_000],
  ])("ends in a restart by the watchdog when %s lost, and logging goes on", async (_lost, heldMs) => {
    const clock = makeQuickClock(10);
    const intervalMs = 3000;
    let device = await start(clock, intervalMs);
    const from = logger as Logger;
    const certain = new Set<number>();
    let survived = true;
    for (let life = 0; ; life++) {
      await further(device, /^R1 /, 4, 10_000);
      const timeoutS = await device.evaluate<number>("dog.timeoutS");
      expect(timeoutS).toBe(300);
      await further(device, /^KICK/, 1, 10_000);
      await further(device, /^R1 /, 1, 10_000);
      // The memory is given back before the test goes on: only the timers are lost. Several times, because this may fail, too.
      const heldRealMs = heldMs / clock.factor;
      const releases = [0, 10, 20, 30].map((ms) => `realTimeout(release,${heldRealMs + ms})`);
      await device.evaluate(`[${releases},realTimeout(hoardAll,1)]`);
      const over = await Promise.race([
        device.ended.then(() => true),
        new Promise<false>((resolve) => setTimeout(resolve, heldRealMs + 100, false)),
      ]);
      if (!over) {
        const memory = await device.evaluate<{ free: number }>("process.memory()");
        expect(memory.free).toBeGreaterThan(1000);
        const samples = count(device, /^R1 /);
        await starveWatchdog(device, clock, timeoutS);
        expect(count(device, /^R1 /), "samples after the loss").toBe(samples);
        survived = false;
      }
      for (const value of committed(device, 1)) certain.add(value);
      if (!survived) break;
      // A build with assertions (a board's has none) may end at one of them when memory runs out. That is also a restart, but
      // not the one that this test shows.
      expect(life, device.output()).toBeLessThan(5);
      expect(device.output()).toMatch(/ASSERT/);
      device = await bootAndSync(from);
    }

    device = from.boot();
    await device.line(/^backfill \S+ logging 2 datastreams/);
    await further(device, /^R1 /, 5, 10_000);
    const known = certain.size;
    const status = await syncUntil(
      device,
      ({ verdict, streams }) => verdict === 0 && streams[0].delivered >= known + 4,
      60_000,
    );
    expectAllKept(from, certain, status);
    expect(status.streams[0].sampled).toBeGreaterThanOrEqual(known);
  });

  it("ends in a restart of the firmware's own on a build whose watchdog does nothing", async () => {
    const clock = makeQuickClock(20);
    const board = NO_WATCHDOG.replaceAll("FACTOR", `${clock.factor}`);
    logger = await createLogger({ intervalMs: 3000, clock, afterPrelude: board + SHORTAGE + BALLAST });
    const device = await bootAndSync(logger);
    await further(device, /^R1 /, 4, 10_000);
    expect(await device.evaluate<number>("dog.timeoutS"), "the build's own watchdog is left alone").toBe(0);
    await device.evaluate("[realTimeout(release,700),realTimeout(release,720),realTimeout(hoardAll,1)]");
    const samples = count(device, /^R1 /);
    const lostMs = Date.now();
    await device.line(/^REBOOT/, 40_000);
    expect((Date.now() - lostMs) * clock.factor).toBeGreaterThan(300_000);
    expect(count(device, /^R1 /) - samples, "samples after the loss").toBeLessThanOrEqual(1);
  });

  it("never comes from a sync that starts with the least memory allowed", async () => {
    const device = await start(makeQuickClock(10), 1000);
    await further(device, /^R1 /, 20, 10_000);
    await device.evaluate(`hoardUntil(${LIMITS.deliveryMemoryFreeMin + 100})`);
    await device.evaluate("realTimeout(backfill.sync,10)");
    const ended = /sync refused|OUT OF MEMORY/;
    await expect
      .poll(() => count(device, SENT) > 1 || ended.test(device.output()), { interval: 10, timeout: 30_000 })
      .toBe(true);
    expect(device.output()).not.toMatch(ended);
  });

  it("while a sync is planned stops only that sync, or ends in a restart", async () => {
    const clock = makeQuickClock(20);
    logger = await createLogger({
      intervalMs: 5000,
      clock,
      afterPrelude: KICKS + SHORTAGE + STARVED_PLAN + BALLAST,
    });
    const device = logger.boot();
    await further(device, /^R1 /, 4, 10_000);
    await device.evaluate("air.up=true");
    await device.evaluate("realTimeout(backfill.sync,10)");
    await device.line(/OUT OF MEMORY/, 30_000);
    await further(device, /^R1 /, 4, 10_000);
    await press(device);
    const restarted = starveWatchdog(device, clock, 300).then(() => true);
    const waited = new Promise<boolean>((resolve) => setTimeout(resolve, (20 * 60_000) / clock.factor, false));
    // A device that is killed prints no such line: then the restart decides.
    const sent = device.line(SENT, (20 * 60_000) / clock.factor).then(
      () => true,
      () => waited,
    );
    expect(await Promise.race([restarted, sent, waited]), "no sync any more, and no restart").toBe(true);
  });
});
