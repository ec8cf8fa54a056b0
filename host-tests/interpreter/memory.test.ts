/** The firmware's share of the interpreter's memory, against the budget in package.json. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { type BacklogOptions, makeBacklog } from "../../scripts/interpreter/backlog.ts";
import { ESPRUINO, type Interpreter, startInterpreter } from "../../scripts/interpreter/interpreter.ts";
import { BALLAST, METER, readPool } from "../../scripts/interpreter/pool.ts";
import { provision, writeRegion } from "../../scripts/interpreter/provision-flash.ts";
import { describeEspruino } from "./describe-espruino.ts";
import { createLogger, imbalance, type Logger, type LoggerOptions, STATUS, type Status } from "./logger.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const idleJsVarsMax: number = manifest["espruino-backfill"].idleJsVarsMax;
/** JsVars above idle. */
const peakMax: { append: number; mount: number; sync: number; post10k: number } =
  manifest["espruino-backfill"].jsVarsPeakMax;

const pool = ESPRUINO === "" ? undefined : await readPool();
if (pool && pool.unlike !== "") {
  console.warn(`SKIPPED: peaks of memory. This build says nothing about an ESP32's: ${pool.unlike}.`);
}

let logger: Logger | undefined;
afterEach(async () => {
  await logger?.stop();
  logger = undefined;
});

/** JsVars in use after a garbage collection. */
async function usedJsVars(device: Interpreter): Promise<number> {
  return (await device.evaluate<{ usage: number }>("process.memory()")).usage;
}

describeEspruino("the memory", { timeout: 60_000 }, () => {
  it(`holds the idle firmware with two datastreams in ${idleJsVarsMax} JsVars`, async () => {
    logger = await createLogger({ intervalMs: 1000 });
    const folder = await provision({ ...logger.contents, program: 'console.log("nothing");' });
    const empty = startInterpreter(folder.path);
    await empty.line(/^nothing/);
    const before = await usedJsVars(empty);
    await empty.kill();
    folder.remove();

    const device = logger.boot();
    await device.line(/^backfill \S+ logging 2 datastreams/);
    // The first sync has found no Wi-Fi: everything that is made once is made then.
    await device.until<Status>(STATUS, (status) => status.verdict === 1 && status.streams[0].sampled > 1);
    const used = (await usedJsVars(device)) - before;
    console.log(`idle: ${used} JsVars`);
    expect(used).toBeLessThanOrEqual(idleJsVarsMax);
  });
});

/** The last `PEAK` that was printed, or the last before a line that matches. */
function peakBefore(device: Interpreter, pattern?: RegExp): number {
  const lines = device.lines();
  const end = pattern ? lines.findIndex((line) => pattern.test(line)) : lines.length;
  const last = lines.slice(0, end).findLast((line) => line.startsWith("PEAK "));
  return Number(last?.slice(5));
}

describe.skipIf(pool?.unlike !== "")("the memory of an ESP32", { timeout: 120_000 }, () => {
  const pageBytes = pool?.pageBytes ?? 0;

  async function boot(options: LoggerOptions, backlog?: Uint8Array): Promise<Interpreter> {
    logger = await createLogger({ afterPrelude: METER + BALLAST, ...options });
    if (backlog) writeRegion(logger.folder, backlog);
    const device = logger.boot();
    await device.line(/^backfill \S+ logging/);
    // The first sync has found no Wi-Fi: everything that is made once is made.
    await device.line(/sync: no access point/, 20_000);
    return device;
  }

  /** JsVars in use between two callbacks, when nothing of a question is left. Peaks count from here. */
  async function startMeter(device: Interpreter): Promise<number> {
    // By then the console's answer to this question is garbage.
    await device.evaluate("setTimeout(meter.idle,300)");
    const idle = Number((await device.line(/^IDLE/)).slice(5));
    await device.evaluate("meter.start()");
    return idle;
  }

  function report(phase: keyof typeof peakMax, jsVars: number, looks: number): void {
    console.log(`${phase}: ${jsVars} JsVars above idle at the peak, of ${peakMax[phase]} (${looks} looks)`);
    expect(looks).toBeGreaterThan(0);
    expect(jsVars).toBeLessThanOrEqual(peakMax[phase]);
  }

  it(`takes ${peakMax.append} JsVars more at most while it appends, pages that fill up included`, async () => {
    const full: BacklogOptions = {
      pageBytes,
      streams: [
        { pin: 1, intervalMs: 100, decimals: 0 },
        { pin: 2, intervalMs: 100, decimals: 1 },
      ],
      samples: 0,
      // v1 takes two bytes for each sample, like the clock that the device reads; v2 fills half as fast.
      value: (index, pin) => (pin === 1 ? index * 100 : 200),
    };
    // Full first pages, less the room for a boot's record.
    while (makeBacklog({ ...full, samples: full.samples + 50 }).usedPages === 2) full.samples += 50;
    const backlog = makeBacklog({ ...full, samples: full.samples - 20 });
    const device = await boot({}, backlog.bytes);
    const idle = await startMeter(device);
    const read = device.lines().length;
    await expect.poll(() => device.lines().length - read, { timeout: 30_000 }).toBeGreaterThan(250);
    const looks = await device.evaluate<number>("meter.looks");
    const peak = peakBefore(device);
    const { ring } = await device.evaluate<Status>(STATUS);
    expect(ring.usedPages, "no page was filled").toBeGreaterThan(backlog.usedPages);
    report("append", peak - idle, looks);
  });

  it(`takes ${peakMax.mount} JsVars more at most while it mounts a ring that is in use`, async () => {
    const backlog = makeBacklog({
      pageBytes,
      streams: [
        { pin: 1, intervalMs: 100, decimals: 0 },
        { pin: 2, intervalMs: 100, decimals: 1 },
      ],
      samples: 15_000,
      value: (index, pin) => (pin === 1 ? index * 100 : 200 + (index % 7)),
    });
    const device = await boot({}, backlog.bytes);
    const looks = await device.evaluate<number>("meter.looks");
    const idle = await startMeter(device);
    report("mount", peakBefore(device, /^backfill \S+ logging/) - idle, looks);
  });

  it(`takes ${peakMax.sync} JsVars more at most while it syncs a small backlog`, async () => {
    const device = await boot({ intervalMs: 1000 });
    await device.until<Status>(STATUS, (status) => status.streams[0].sampled > 3);
    const idle = await startMeter(device);
    await device.evaluate("(air.up=true,setTimeout(backfill.sync,50))");
    await device.line(/sync: everything sent/, 60_000);
    const looks = await device.evaluate<number>("meter.looks");
    const peak = peakBefore(device);
    const status = await device.evaluate<Status>(STATUS);
    expect(imbalance(status)).toBe("");
    expect(status.streams.every((stream) => stream.delivered > 0)).toBe(true);
    report("sync", peak - idle, looks);
  });

  it(`takes ${peakMax.post10k} JsVars more at most while it posts 10,000 points in one request`, async () => {
    // Requests start at 1,000 points and double: 1,000, 2,000, 4,000, 8,000 come first.
    const samples = 25_500;
    const backlog = makeBacklog({
      pageBytes,
      streams: [{ pin: 1, intervalMs: 60_000, decimals: 1 }],
      samples,
      value: (index) => 215 + Math.round(6 * Math.sin(index / 300)) + ((index * 7) % 5 === 0 ? 1 : 0),
    });
    const datastreams = `[{ pin: "v1", name: "room", intervalMs: 60000, decimals: 1, sensor: custom(() => 21.5) }]`;
    const device = await boot({ datastreams }, backlog.bytes);
    const idle = await startMeter(device);
    await device.evaluate("(air.up=true,setTimeout(backfill.sync,50))");
    await device.line(/sync: everything sent/, 100_000);
    const looks = await device.evaluate<number>("meter.looks");
    const peak = peakBefore(device);
    const { pointsMaxInRequest, points, violations } = (logger as Logger).standIn.stats();
    expect(violations).toEqual([]);
    expect(pointsMaxInRequest).toBe(10_000);
    expect(points).toBeGreaterThanOrEqual(samples);
    report("post10k", peak - idle, looks);
  });
});
