/**
 * SIGKILL as a power cut, at seeded moments of a device that appends, syncs and compacts; the same flash file is booted
 * again each time. What must hold is checked from outside: by what the sensors printed and what the server holds.
 */
import { afterEach, expect, it } from "vitest";
import type { SocketFault } from "../../scripts/blynk-stand-in/server.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { describeEspruino } from "./describe-espruino.ts";
import { committed, createLogger, imbalance, type Logger, type Status, syncUntil } from "./logger.ts";

const KILLS = Number(process.env.KILLS ?? 100);
const SEED = Number(process.env.SIM_SEED ?? Date.now() % 1_000_000);

let logger: Logger | undefined;
afterEach(() => logger?.stop());

/** What may befall a request in this test: nothing that tells the device for certain that its batch was refused. */
function randomFault(random: () => number): SocketFault | undefined {
  const pick = random();
  if (pick < 0.7) return undefined;
  if (pick < 0.8) return { kind: "hangUp" };
  if (pick < 0.9) return { kind: "resetAfter", bodyBytes: Math.floor(random() * 400) };
  return { kind: "delay", ms: random() * 500 };
}

describeEspruino(`a device killed ${KILLS} times, seed ${SEED}`, { timeout: KILLS * 6000 + 120_000 }, () => {
  it("loses nothing committed, invents nothing, counts once, replays byte for byte", async () => {
    const random = createPrng(SEED).next;
    logger = await createLogger({ intervalMs: 100 });
    const { standIn } = logger;
    const all = new Set<number>();
    const certain = new Set<number>();
    const lives: [number, number][] = [];
    let bootMsMax = 0;

    for (let kill = 0; kill < KILLS; kill++) {
      logger.server.fault = () => randomFault(random);
      const bornMs = Date.now();
      const device = logger.boot();
      await device.line(/^backfill \S+ logging/);
      bootMsMax = Math.max(bootMsMax, Date.now() - bornMs);
      let lifeMs = 1500;
      if (kill === 0) {
        // What was sampled before any session met a clock can't be dated.
        logger.server.fault = undefined;
        await syncUntil(device, ({ time }) => time !== null);
      } else if (random() < 0.7) {
        // Not awaited: the kill may come before the console answers.
        device.evaluate("(air.up=true,backfill.sync(),0)").catch(() => {});
        // The time takes seconds to be known, and planning another: half of them live to see their requests cut.
        if (random() < 0.5) {
          await device.line(/\] time: /, 9000).catch(() => {});
          lifeMs = 4000;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, random() * lifeMs));
      await device.kill();
      lives.push([bornMs, Date.now()]);
      for (const value of committed(device, 1)) certain.add(value);
      for (const line of device.lines()) if (line.startsWith("R1 ")) all.add(Number(line.slice(3)));
      const problem = /Uncaught.*|.*removing it.*|.*[Oo]ut of [Mm]emory.*/.exec(device.output());
      expect(problem, `seed ${SEED}, kill ${kill}`).toBe(null);
    }

    logger.server.fault = undefined;
    const device = logger.boot();
    await device.line(/^backfill \S+ logging/);
    const bornMs = Date.now();
    const isDrained = (status: Status) => status.verdict === 0 && status.streams.every(({ pending }) => pending < 60);
    const status = await syncUntil(
      device,
      (found) => found.streams[0].delivered >= certain.size && isDrained(found),
      90_000,
    );
    lives.push([bornMs, Date.now()]);
    for (const line of device.lines()) if (line.startsWith("R1 ")) all.add(Number(line.slice(3)));

    const sent = [...standIn.points()].filter((point) => point.pin === "v1");
    const values = sent.map((point) => Number(point.value));
    const onServer = new Set(values);
    expect(
      [...certain].filter((value) => !onServer.has(value)),
      `committed, not delivered; seed ${SEED}`,
    ).toEqual([]);
    expect(onServer.size, `a sample was stored under two times; seed ${SEED}`).toBe(values.length);
    // The last reading of a life may be on flash while its line was lost with the console's buffer.
    const invented = values.filter((value) => !all.has(value) && !lives.some((life) => isWithin(value, life)));
    expect(invented, `never taken; seed ${SEED}`).toEqual([]);
    expect(imbalance(status), `seed ${SEED}`).toBe("");
    for (const stream of status.streams) {
      expect(Object.values(stream.dropped), `seed ${SEED}`).toEqual(Object.values(stream.dropped).map(() => 0));
    }
    expect(status.streams[0].sampled).toBeGreaterThanOrEqual(certain.size);
    expect(standIn.violations, `seed ${SEED}`).toEqual([]);

    const errorMsMax = Math.max(
      ...sent.map(({ ts, value }) => Math.abs(((((ts - Number(value)) % 1e9) + 1.5e9) % 1e9) - 5e8)),
    );
    const stats = standIn.stats();
    expect(stats.requests, "too few requests were under way").toBeGreaterThan(KILLS / 8);
    console.log(
      `seed ${SEED}: ${KILLS} kills, ${certain.size} samples certainly committed, ${stats.points} points, ${stats.duplicates} duplicates, ` +
        `${stats.replays} replays, ${stats.requests} requests, time error at most ${errorMsMax} ms, boot at most ${bootMsMax} ms`,
    );
  });
});

/** Whether a value of v1 (ms modulo 10^9) was read within a life. */
function isWithin(value: number, [fromMs, toMs]: [number, number]): boolean {
  return (((value - fromMs) % 1e9) + 1e9) % 1e9 <= toMs - fromMs;
}
