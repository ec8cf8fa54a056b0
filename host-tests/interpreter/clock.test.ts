/** Raw time on the real interpreter: while somebody sets the clock at the console, and while the process hardly gets to run. */
import { afterEach, expect, it } from "vitest";
import type { Interpreter } from "../../scripts/interpreter/interpreter.ts";
import { describeEspruino } from "./describe-espruino.ts";
import { createLogger, imbalance, type Logger, STATUS, type Status } from "./logger.ts";

/** Eleven twelfths of the time stopped, longer at a time than LATE_MS. */
const STOPPED_MS = 550;
const RUNNING_MS = 50;
const PATIENCE_MS = 180_000;

let logger: Logger | undefined;
let giveBack: (() => void) | undefined;
afterEach(async () => {
  giveBack?.();
  giveBack = undefined;
  await logger?.stop();
  logger = undefined;
});

/**
 * The Linux build's setTime does not set the clock, it only shifts the timers (targets/linux/jshardware.c,
 * `jshSetSystemTime`; read). In its place stand functions that do what an ESP32 does: the clock is set, and timers keep
 * their delays.
 */
const SETTABLE = `
var hostTime = getTime, aheadS = 0;
global.getTime = function () {
  return hostTime() + aheadS;
};
global.setTime = function (seconds) {
  aheadS = seconds - hostTime();
};
`;

async function start(intervalMs: number): Promise<{ logger: Logger; device: Interpreter }> {
  logger = await createLogger({ intervalMs, afterPrelude: SETTABLE });
  const device = logger.boot();
  await device.line(/^backfill \S+ logging 2 datastreams/);
  return { logger, device };
}

/** Stops the process most of the time. Returns what ends that. */
function throttle({ pid }: Interpreter): () => void {
  let timer: NodeJS.Timeout;
  const turn = (stop: boolean) => {
    process.kill(pid, stop ? "SIGSTOP" : "SIGCONT");
    timer = setTimeout(turn, stop ? STOPPED_MS : RUNNING_MS, !stop);
  };
  turn(true);
  return () => {
    clearTimeout(timer);
    process.kill(pid, "SIGCONT");
  };
}

/** v1's values are the times of the samples: their largest distance from the timestamps that were sent, in ms. */
function timeErrorMs({ standIn }: Logger): number {
  let worst = 0;
  for (const { pin, ts, value } of standIn.points()) {
    if (pin !== "v1") continue;
    worst = Math.max(worst, Math.abs(((((ts - Number(value)) % 1e9) + 1.5e9) % 1e9) - 5e8));
  }
  return worst;
}

/** Asks for the status until it is enough. A question takes twelve times as long, and longer on a loaded machine. */
async function statusUntil(device: Interpreter, enough: (status: Status) => boolean): Promise<Status> {
  const endMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const status = await device.evaluate<Status>(STATUS, PATIENCE_MS);
    if (enough(status)) return status;
    if (Date.now() > endMs) throw new Error(`the status is still ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

const undatable = (status: Status): number[] => status.streams.map((stream) => stream.dropped.undatable);

describeEspruino("raw time on the interpreter", { timeout: 600_000 }, () => {
  it("goes on exactly when the console sets the clock, in the same session, and sampling goes on", async () => {
    const { device } = await start(200);
    const before = await device.evaluate<Status>(STATUS);
    const beganMs = Date.now();
    for (const to of ["getTime()+3", "getTime()-86400", "0", "2e9", "getTime()+0.7"]) {
      // A question runs by `eval`, as a line at the console does.
      await device.evaluate(`setTime(${to})`);
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    const after = await device.evaluate<Status>(STATUS);
    expect(after.session).toBe(before.session);
    expect(Math.abs(after.rawMs - before.rawMs - (Date.now() - beganMs))).toBeLessThan(300);
    // A loaded machine may miss some.
    expect(after.streams[0].missed).toBeLessThanOrEqual(3);
    expect(after.streams[0].sampled).toBeGreaterThanOrEqual(15);
  });

  it("counts the time in which the process is stopped, so that everything is dated and delivered", async () => {
    const { logger, device } = await start(3000);
    const before = await device.evaluate<Status>(STATUS);
    giveBack = throttle(device);
    await statusUntil(device, (status) => status.streams[0].sampled >= 3);
    await device.evaluate("air.up=true", PATIENCE_MS);
    await device.evaluate("backfill.sync()", PATIENCE_MS);
    const after = await statusUntil(device, (status) => status.streams.every((one) => one.delivered >= 3));
    expect(after.session).toBe(before.session);
    expect(undatable(after)).toEqual([0, 0]);
    expect(imbalance(after)).toBe("");
    // A stop can fall between a sample's time and its value.
    expect(timeErrorMs(logger)).toBeLessThan(2 * STOPPED_MS);
    expect(logger.standIn.violations).toEqual([]);
  });
});
