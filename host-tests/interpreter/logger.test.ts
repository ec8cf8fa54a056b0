/** The same bundle as on a board, in the real interpreter, in real time. */
import { afterEach, expect, it } from "vitest";
import type { SocketFault } from "../../scripts/blynk-stand-in/server.ts";
import { answer, failure } from "../../scripts/blynk-stand-in/stand-in.ts";
import { describeEspruino } from "./describe-espruino.ts";
import {
  committed,
  createLogger,
  imbalance,
  type Logger,
  type LoggerOptions,
  STATUS,
  type Status,
  syncUntil,
  TOKEN,
} from "./logger.ts";

let logger: Logger | undefined;
afterEach(async () => {
  await logger?.stop();
  logger = undefined;
});

async function start(options?: LoggerOptions) {
  logger = await createLogger(options);
  const device = logger.boot();
  await device.line(/^backfill \S+ logging 2 datastreams/);
  return { logger, device };
}

const delivered = (count: number) => (status: Status) =>
  status.streams.length > 0 && status.streams.every((stream) => stream.delivered >= count);
const sampled = (count: number) => (status: Status) =>
  status.streams.length > 0 && status.streams.every((stream) => stream.sampled >= count);

/** v1's values are the times of the samples: their largest distance from the timestamps that were sent, in ms. */
function timeErrorMs(logger: Logger): number {
  let worst = 0;
  for (const { pin, ts, value } of logger.standIn.points()) {
    if (pin !== "v1") continue;
    const error = Math.abs(((((ts - Number(value)) % 1e9) + 1.5e9) % 1e9) - 5e8);
    worst = Math.max(worst, error);
  }
  return worst;
}

/** What the console never shows. */
const NEVER_SHOWN = /Uncaught|ReferenceError|TypeError|removing it|OUT OF MEMORY|MEMORY_BUSY|FIFO_FULL/;

describeEspruino("the firmware on the interpreter", { timeout: 60_000 }, () => {
  it("boots, greets and logs without any Wi-Fi", async () => {
    const { device } = await start();
    expect(await device.line(/^backfill \S+ logging 2 datastreams/)).toBeTruthy();
    const status = await device.until<Status>(STATUS, sampled(10));
    expect(imbalance(status)).toBe("");
    expect(status.time).toBe(null);
    expect(status.streams.map((stream) => stream.failed)).toEqual([0, 0]);
    expect(device.output()).not.toMatch(NEVER_SHOWN);
    expect(device.output()).not.toContain(TOKEN);
  });

  it.each([false, true])("delivers what it logged before the Wi-Fi came, dated to the ms (https: %s)", async (tls) => {
    const { logger, device } = await start({ tls });
    await device.until<Status>(STATUS, sampled(20));
    const before = committed(device, 1);
    const status = await syncUntil(device, delivered(20));
    expect(imbalance(status)).toBe("");
    expect(logger.standIn.violations).toEqual([]);
    const values = new Set(
      [...logger.standIn.points()].filter((point) => point.pin === "v1").map((point) => Number(point.value)),
    );
    expect(before.filter((value) => !values.has(value))).toEqual([]);
    expect(timeErrorMs(logger)).toBeLessThanOrEqual(50);
    const stats = logger.standIn.stats();
    expect(stats.bodyBytes).toBe(stats.bodyBytesShortest);
    expect(device.output()).not.toMatch(NEVER_SHOWN);
    expect(device.output()).not.toContain(TOKEN);
  });

  it("logs on when the Wi-Fi is lost, and delivers those samples at the next sync", async () => {
    const { logger, device } = await start();
    const first = await syncUntil(device, delivered(5));
    await device.evaluate("air.lose()");
    await device.until<Status>(STATUS, (status) => !status.wifi && sampled(first.streams[0].sampled + 20)(status));
    const again = await syncUntil(device, delivered(first.streams[0].sampled + 15));
    expect(imbalance(again)).toBe("");
    expect(logger.standIn.violations).toEqual([]);
    expect(device.output()).not.toMatch(NEVER_SHOWN);
  });

  it("keeps its samples and counters over a power cut", async () => {
    const { logger, device } = await start();
    // A session without a fix is dated by the sessions before and after it.
    const first = await syncUntil(device, delivered(5));
    await device.evaluate("air.lose()");
    await device.until<Status>(STATUS, sampled(first.streams[0].sampled + 15));
    await device.kill();
    const before = committed(device, 1);
    const second = logger.boot();
    const status = await second.until<Status>(STATUS, sampled(before.length));
    expect(status.session).toBeGreaterThanOrEqual(2);
    await syncUntil(second, delivered(before.length + 5));
    const values = new Set([...logger.standIn.points()].map((point) => Number(point.value)));
    expect(before.filter((value) => !values.has(value))).toEqual([]);
    expect(logger.standIn.violations).toEqual([]);
    expect(second.output()).not.toMatch(NEVER_SHOWN);
  });

  it("syncs when the button is pressed, and blinks the LED", async () => {
    const { device } = await start();
    await device.until<Status>(STATUS, sampled(5));
    await device.evaluate("air.up=true");
    await device.evaluate("panel.press(false)");
    await device.evaluate("setTimeout(function(){panel.press(true)},100)");
    await device.until<Status>(STATUS, (status) => delivered(5)(status) && status.verdict === 0, 30_000);
    expect(await device.evaluate<number>("panel.blinks")).toBeGreaterThan(0);
  });

  it("reports no time when no time server answers", async () => {
    const { logger, device } = await start();
    logger.time.silent = true;
    logger.server.fault = () => ({ kind: "hangUp" });
    await device.until<Status>(STATUS, sampled(5));
    const status = await syncUntil(device, (found) => found.verdict === 3, 40_000);
    expect(status.time).toBe(null);
    expect(imbalance(status)).toBe("");
  });
});

const NOW_MS = Date.now();
const ANSWERS: { name: string; fault: SocketFault; verdict: number; status?: number }[] = [
  {
    name: "a captive portal",
    fault: { kind: "answer", answer: answer(200, "<html>log in</html>", NOW_MS, "text/html") },
    verdict: 12,
  },
  { name: "a redirect", fault: { kind: "answer", answer: answer(308, "", NOW_MS) }, verdict: 12 },
  { name: "a refused token", fault: { kind: "answer", answer: failure(400, "Invalid token.", NOW_MS) }, verdict: 5 },
  {
    name: "a refused content type",
    fault: { kind: "answer", answer: failure(400, "Unknown content type.", NOW_MS) },
    verdict: 5,
  },
  { name: "a wrong pin", fault: { kind: "answer", answer: failure(400, "Wrong pin format.", NOW_MS) }, verdict: 6 },
  { name: "a page that forbids", fault: { kind: "answer", answer: answer(403, "no", NOW_MS) }, verdict: 12 },
  { name: "any other refusal", fault: { kind: "answer", answer: failure(422, "odd", NOW_MS) }, verdict: 6 },
  { name: "a garbage status line", fault: { kind: "raw", bytes: "\r\n\r\n" }, verdict: 4 },
  { name: "an answer cut short", fault: { kind: "cutShort" }, verdict: 4 },
  { name: "a lost answer", fault: { kind: "hangUp" }, verdict: 4 },
  { name: "a reset in the middle of the body", fault: { kind: "resetAfter", bodyBytes: 1 }, verdict: 4 },
  { name: "a server error", fault: { kind: "answer", answer: answer(503, "later", NOW_MS) }, verdict: 4 },
];

describeEspruino("each answer on the interpreter", { timeout: 90_000 }, () => {
  it.each(ANSWERS)("$name loses nothing, and everything is delivered afterwards", async ({ fault, verdict }) => {
    const { logger, device } = await start({ pages: 24 });
    await device.until<Status>(STATUS, sampled(10));
    // The server's date is checked against SNTP: one from when this file was loaded would be a fault of its own.
    logger.server.fault = () =>
      fault.kind === "answer"
        ? {
            ...fault,
            answer: { ...fault.answer, headers: { ...fault.answer.headers, Date: new Date().toUTCString() } },
          }
        : fault;
    await device.evaluate("air.up=true");
    await device.evaluate("backfill.sync()");
    await device.line(/^\[(warn|error)\] (?!.*sync:)/, 30_000);
    const bad = await device.until<Status>(STATUS, (status) => status.verdict === verdict, 60_000);
    expect(imbalance(bad)).toBe("");
    logger.server.fault = undefined;
    const good = await syncUntil(device, (status) => delivered(10)(status) && status.verdict === 0, 60_000);
    expect(imbalance(good)).toBe("");
    expect(good.streams.map((stream) => stream.dropped.refused)).toEqual([0, 0]);
    expect(logger.standIn.violations).toEqual([]);
    expect(device.output()).not.toMatch(NEVER_SHOWN);
    expect(device.output()).not.toContain(TOKEN);
  });

  it("100 Continue before the answer does no harm", async () => {
    const { logger, device } = await start();
    logger.server.fault = () => ({ kind: "continueFirst" });
    await device.until<Status>(STATUS, sampled(10));
    await syncUntil(device, delivered(10));
    expect(logger.standIn.violations).toEqual([]);
    // When the two arrive apart, Espruino may lose the answer: then the batch is repeated, byte for byte.
    const { duplicates, replays } = logger.standIn.stats();
    expect(duplicates > 0).toBe(replays > 0);
  });

  it("a server that does not listen does not count as a wrong token, and nothing is lost", async () => {
    const { logger, device } = await start();
    await device.until<Status>(STATUS, sampled(10));
    await logger.server.close();
    const status = await syncUntil(device, (found) => found.verdict === 4, 60_000);
    expect(imbalance(status)).toBe("");
    expect(device.output()).not.toMatch(NEVER_SHOWN);
  });
});
