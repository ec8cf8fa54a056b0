/**
 * SIGKILL as a power cut, at seeded moments of a device that appends, syncs and compacts. The same flash file is booted again
 * each time. The promises are checked from outside: by what the sensors printed and by what the server holds.
 */
import { afterEach, expect, it } from "vitest";
import type { SocketFault } from "../../scripts/blynk-stand-in/server.ts";
import type { Interpreter } from "../../scripts/interpreter/interpreter.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { describeEspruino } from "./describe-espruino.ts";
import { committed, createLogger, imbalance, type Logger, type Status, syncUntil } from "./logger.ts";

const KILLS = Number(process.env.KILLS ?? 100);
const SEED = Number(process.env.SIM_SEED ?? Date.now() % 1_000_000);

let logger: Logger | undefined;
afterEach(() => logger?.stop());

/** A fault of a request, or none. No fault tells the device for certain that its batch was refused. */
function randomFault(random: () => number): SocketFault | undefined {
  const pick = random();
  if (pick < 0.7) return undefined;
  if (pick < 0.8) return { kind: "hangUp" };
  if (pick < 0.9) return { kind: "resetAfter", bodyBytes: Math.floor(random() * 400) };
  return { kind: "delay", ms: random() * 500 };
}

/** What a test knows from outside about the device's lives. */
interface Seen {
  /** Readings of v1 that were printed. */
  printed: Set<number>;
  /** Those of them that were certainly committed. */
  certain: Set<number>;
  /** Each from power-on to power-off, in ms. */
  lives: [fromMs: number, toMs: number][];
  bootMsMax: number;
}

describeEspruino(`a device killed ${KILLS} times, seed ${SEED}`, { timeout: KILLS * 6000 + 120_000 }, () => {
  it("loses nothing committed, invents nothing, counts once, replays byte for byte", async () => {
    const random = createPrng(SEED).next;
    logger = await createLogger({ intervalMs: 100 });
    const seen: Seen = { printed: new Set(), certain: new Set(), lives: [], bootMsMax: 0 };
    for (let kill = 0; kill < KILLS; kill++) await liveOnce(logger, kill, random, seen);
    const status = await deliverAll(logger, seen);
    expectAllDelivered(logger, seen);
    expectAllCounted(logger, seen, status);
    report(logger, seen);
  });
});

/** Boots, lives for a random time with or without a sync, and is killed. */
async function liveOnce(logger: Logger, kill: number, random: () => number, seen: Seen): Promise<void> {
  logger.server.fault = () => randomFault(random);
  const bornMs = Date.now();
  const device = logger.boot();
  await device.line(/^backfill \S+ logging/);
  seen.bootMsMax = Math.max(seen.bootMsMax, Date.now() - bornMs);
  let lifeMs = 1500;
  if (kill === 0) {
    // Samples from before the first fix of any session cannot be dated.
    logger.server.fault = undefined;
    await syncUntil(device, ({ time }) => time !== null);
  } else if (random() < 0.7) {
    // Not awaited: the kill may come before the console answers.
    device.evaluate("(air.up=true,backfill.sync(),0)").catch(() => {});
    // A fix takes seconds, and planning another. Half of these devices live until their requests are cut.
    if (random() < 0.5) {
      await device.line(/\] time: /, 9000).catch(() => {});
      lifeMs = 4000;
    }
  }
  await new Promise((resolve) => setTimeout(resolve, random() * lifeMs));
  await device.kill();
  seen.lives.push([bornMs, Date.now()]);
  for (const value of committed(device, 1)) seen.certain.add(value);
  notePrinted(device, seen);
  const problem = /Uncaught.*|.*removing it.*|.*[Oo]ut of [Mm]emory.*/.exec(device.output());
  expect(problem, `seed ${SEED}, kill ${kill}`).toBe(null);
}

/** A last life without faults, until the server has everything that was certainly committed. */
async function deliverAll(logger: Logger, seen: Seen): Promise<Status> {
  logger.server.fault = undefined;
  const device = logger.boot();
  await device.line(/^backfill \S+ logging/);
  const bornMs = Date.now();
  const isDrained = (status: Status) => status.verdict === 0 && status.streams.every(({ pending }) => pending < 60);
  const status = await syncUntil(
    device,
    (found) => found.streams[0].delivered >= seen.certain.size && isDrained(found),
    90_000,
  );
  seen.lives.push([bornMs, Date.now()]);
  notePrinted(device, seen);
  return status;
}

function notePrinted(device: Interpreter, seen: Seen): void {
  for (const line of device.lines()) if (line.startsWith("R1 ")) seen.printed.add(Number(line.slice(3)));
}

function pointsOfClock({ standIn }: Logger): { ts: number; value: number }[] {
  return [...standIn.points()]
    .filter((point) => point.pin === "v1")
    .map(({ ts, value }) => ({ ts, value: Number(value) }));
}

function expectAllDelivered(logger: Logger, { printed, certain, lives }: Seen): void {
  const values = pointsOfClock(logger).map(({ value }) => value);
  const onServer = new Set(values);
  expect(
    [...certain].filter((value) => !onServer.has(value)),
    `committed, not delivered; seed ${SEED}`,
  ).toEqual([]);
  expect(onServer.size, `a sample was stored under two times; seed ${SEED}`).toBe(values.length);
  // The last reading of a life may be on flash while its line was lost with the console's buffer.
  const invented = values.filter((value) => !printed.has(value) && !lives.some((life) => isWithin(value, life)));
  expect(invented, `never taken; seed ${SEED}`).toEqual([]);
}

function expectAllCounted({ standIn }: Logger, { certain }: Seen, status: Status): void {
  expect(imbalance(status), `seed ${SEED}`).toBe("");
  for (const stream of status.streams) {
    expect(Object.values(stream.dropped), `seed ${SEED}`).toEqual(Object.values(stream.dropped).map(() => 0));
  }
  expect(status.streams[0].sampled).toBeGreaterThanOrEqual(certain.size);
  expect(standIn.violations, `seed ${SEED}`).toEqual([]);
  expect(standIn.stats().requests, "too few requests were under way").toBeGreaterThan(KILLS / 8);
}

function report(logger: Logger, { certain, bootMsMax }: Seen): void {
  const errorMsMax = Math.max(
    ...pointsOfClock(logger).map(({ ts, value }) => Math.abs(((((ts - value) % 1e9) + 1.5e9) % 1e9) - 5e8)),
  );
  const stats = logger.standIn.stats();
  console.log(
    `seed ${SEED}: ${KILLS} kills, ${certain.size} samples certainly committed, ${stats.points} points, ${stats.duplicates} duplicates, ` +
      `${stats.replays} replays, ${stats.requests} requests, time error at most ${errorMsMax} ms, boot at most ${bootMsMax} ms`,
  );
}

/** Whether a value of v1 (ms modulo 10^9) was read during a life. */
function isWithin(value: number, [fromMs, toMs]: [number, number]): boolean {
  return (((value - fromMs) % 1e9) + 1e9) % 1e9 <= toMs - fromMs;
}
