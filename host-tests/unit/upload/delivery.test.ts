import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../firmware/limits.ts";
import { createDelivery, type DeliverySettings } from "../../../firmware/upload/delivery.ts";
import type { Drain } from "../../../firmware/upload/drain.ts";
import { VERDICT } from "../../../firmware/verdict.ts";
import { createVirtualTimers } from "../../support/virtual-timers.ts";

/** A delivery among fakes whose doings are listed in `events`. Each step takes a second. */
function createDesk(settings: Partial<DeliverySettings> = {}) {
  const timers = createVirtualTimers(0);
  const events: string[] = [];
  const lines: string[] = [];
  const counters = { overwritten: 0, expired: 0, undatable: 0 };
  const desk = {
    timers,
    events,
    lines,
    counters,
    up: true,
    joins: 0,
    known: true,
    result: { verdict: 0, nextTryMs: Number.POSITIVE_INFINITY },
    held: false,
    flashFault: false,
    sensorFailing: false,
    free: 4000,
    drainThrows: false,
    down: undefined as (() => void) | undefined,
    delivery: undefined as unknown as ReturnType<typeof createDelivery>,
  };
  const soon = (event: string, act: () => void): void => {
    timers.setTimeout(() => {
      events.push(event);
      act();
    }, 1000);
  };
  const drain: Drain = {
    drain: (done) => {
      if (desk.drainThrows) throw new Error("worn");
      soon("drain", () => done(desk.result.verdict, desk.result.nextTryMs));
    },
    linkLost: () => events.push("link lost"),
    forgive: () => events.push("forgive"),
    stop: () => events.push("stop"),
    fault: () => "",
  };
  desk.delivery = createDelivery(
    {
      up: () => desk.up,
      connect: (done) => soon("connect", () => done(desk.joins)),
      disconnect: () => events.push("disconnect"),
      onUp: () => {},
      onDown: (callback) => {
        desk.down = callback;
      },
    },
    { run: (done) => soon("time", () => done(desk.known)) },
    { holds: () => desk.held },
    { clearsMs: () => Number.POSITIVE_INFINITY },
    { pointsMax: 10_000, pointsLeft: () => 7, requestsLeft: () => 8, pointsWithin: () => 0, waitMs: () => 0 },
    drain,
    {
      pins: () => [1],
      counters: () => ({ delivered: 0, thinned: 0, refused: 0, unrepresentable: 0, corrupt: 0, ...counters }),
    },
    { flashFault: () => desk.flashFault, sensorFailing: () => desk.sensorFailing },
    timers,
    { memory: () => ({ free: desk.free, total: 5000 }), random: () => 0.5 },
    (level, text) => lines.push(`[${level}] ${text}`),
    { syncEveryMs: 3_600_000, connectEveryMs: undefined, ...settings },
  );
  return desk;
}

const ONE_SYNC = ["connect", "time", "drain"];

describe("a sync", () => {
  it("joins Wi-Fi, asks the time, sends, and says how it went", () => {
    const desk = createDesk();
    const busy: boolean[] = [];
    desk.delivery.watch((now) => busy.push(now));
    desk.delivery.trigger("connect");
    expect(desk.delivery.busy()).toBe(true);
    desk.timers.advance(5000);
    expect(desk.events).toEqual(ONE_SYNC);
    expect(desk.delivery.busy()).toBe(false);
    expect(desk.delivery.verdict()).toBe(VERDICT.allSent);
    expect(busy).toEqual([true, false]);
  });

  it("ends with a flash fault when something in it throws, and the next goes its way", () => {
    const desk = createDesk();
    desk.delivery.trigger("connect");
    desk.timers.advance(2500);
    desk.delivery.fail(new Error("ledger: flash fault"));
    expect(desk.delivery.busy()).toBe(false);
    expect(desk.delivery.verdict()).toBe(VERDICT.flashFault);
    expect(desk.events).toEqual(["connect", "time", "stop"]);
    desk.delivery.trigger("button");
    // What the broken one had under way is not heard.
    desk.timers.advance(1000);
    expect(desk.delivery.busy()).toBe(true);
    desk.timers.advance(4000);
    expect(desk.delivery.verdict()).toBe(VERDICT.allSent);
  });

  it("is one at a time: triggers while one is on make one more", () => {
    const desk = createDesk();
    desk.delivery.trigger("connect");
    desk.timers.advance(1500);
    desk.delivery.trigger("schedule");
    desk.delivery.trigger("button");
    desk.delivery.trigger("console");
    desk.timers.advance(20_000);
    expect(desk.events).toEqual([...ONE_SYNC, "forgive", ...ONE_SYNC]);
  });

  it("comes by itself on schedule while connected, and not while the network is away", () => {
    const desk = createDesk();
    desk.timers.advance(3_600_000 + 5000);
    expect(desk.events).toEqual(ONE_SYNC);
    desk.up = false;
    desk.timers.advance(5 * 3_600_000);
    expect(desk.events).toEqual(ONE_SYNC);
    desk.up = true;
    desk.timers.advance(3_600_000 + 5000);
    expect(desk.events).toEqual([...ONE_SYNC, ...ONE_SYNC]);
  });

  it("comes earlier when allowance comes back earlier, but keeps the schedule when it comes later", () => {
    const desk = createDesk();
    desk.result = { verdict: VERDICT.dailyLimit, nextTryMs: 600_000 };
    desk.delivery.trigger("connect");
    desk.timers.advance(3000 + 600_000 + 3500);
    expect(desk.events).toHaveLength(6);
    desk.result = { verdict: VERDICT.dailyLimit, nextTryMs: 80_000_000 };
    desk.timers.advance(610_000);
    const before = desk.events.length;
    desk.timers.advance(3_600_000 + 5000);
    expect(desk.events.length - before).toBe(3);
  });

  it("keeps to a backoff that is longer than the schedule", () => {
    const desk = createDesk({ syncEveryMs: 10_000 });
    desk.result = { verdict: VERDICT.serverNotReached, nextTryMs: 900_000 };
    desk.delivery.trigger("connect");
    desk.timers.advance(800_000);
    expect(desk.events).toEqual(ONE_SYNC);
    desk.timers.advance(200_000);
    expect(desk.events.slice(0, 6)).toEqual([...ONE_SYNC, ...ONE_SYNC]);
  });

  it("turns the radio on for itself alone when the device file says so", () => {
    const desk = createDesk({ connectEveryMs: 7_200_000 });
    desk.up = false;
    desk.timers.advance(7_200_000 + 5000);
    expect(desk.events).toEqual([...ONE_SYNC, "disconnect"]);
  });

  it("without Wi-Fi ends there, with the network's verdict", () => {
    for (const verdict of [VERDICT.noAccessPoint, VERDICT.wrongPassword]) {
      const desk = createDesk();
      desk.joins = verdict;
      desk.delivery.trigger("button");
      desk.timers.advance(5000);
      expect(desk.events).toEqual(["forgive", "connect"]);
      expect(desk.delivery.verdict()).toBe(verdict);
    }
  });

  it("without the time ends there, and tries again after a growing wait", () => {
    const desk = createDesk();
    desk.known = false;
    desk.delivery.trigger("connect");
    desk.timers.advance(3000);
    expect(desk.delivery.verdict()).toBe(VERDICT.noTime);
    desk.timers.advance(3_600_000);
    const tries = desk.events.filter((event) => event === "time").length;
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(15);
    expect(desk.events).not.toContain("drain");
  });

  it("is refused with a clear line when memory is short, and tried again", () => {
    const desk = createDesk();
    desk.free = LIMITS.deliveryMemoryFreeMin - 1;
    desk.delivery.trigger("connect");
    expect(desk.events).toEqual([]);
    expect(desk.delivery.busy()).toBe(false);
    desk.up = false;
    expect(desk.lines[0]).toMatch(/^\[error\] sync refused: 1399 of 5000 JsVars are free, 1400 needed/);
    desk.free = 4000;
    desk.timers.advance(10_000);
    expect(desk.events).toEqual(ONE_SYNC);
  });

  it("ends with an error when the upload throws at its start, and is tried again", () => {
    const desk = createDesk();
    desk.drainThrows = true;
    desk.delivery.trigger("connect");
    desk.timers.advance(3000);
    expect(desk.delivery.busy()).toBe(false);
    expect(desk.delivery.verdict()).toBe(VERDICT.flashFault);
    expect(desk.lines[0]).toBe("[error] sync: Error: worn");
    desk.drainThrows = false;
    desk.timers.advance(10_000);
    expect(desk.delivery.verdict()).toBe(VERDICT.allSent);
  });

  it("asks for a restart when its timer is lost, on the way or until the next, and not before", () => {
    const beats = (desk: ReturnType<typeof createDesk>): number => {
      let count = 0;
      while (desk.delivery.beat()) count++;
      return count * LIMITS.heartbeatMs;
    };
    const stuck = createDesk();
    stuck.delivery.trigger("connect");
    stuck.timers.advance(2500);
    stuck.timers.dropAll();
    for (let i = 0; i < 100; i++) {
      expect(stuck.delivery.beat()).toBe(true);
      stuck.delivery.step();
    }
    expect(beats(stuck)).toBeGreaterThan(LIMITS.deliveryStallMs - 2 * LIMITS.heartbeatMs);
    expect(stuck.delivery.beat()).toBe(false);

    const idle = createDesk();
    idle.delivery.trigger("connect");
    idle.timers.advance(5000);
    idle.timers.dropAll();
    idle.delivery.step();
    expect(beats(idle)).toBeGreaterThan(3_600_000);

    const well = createDesk();
    for (let i = 0; i < 3000; i++) {
      well.timers.advance(LIMITS.heartbeatMs);
      expect(well.delivery.beat()).toBe(true);
    }
  });

  it("tells the upload when the network goes", () => {
    const desk = createDesk();
    desk.down?.();
    expect(desk.events).toEqual(["link lost"]);
  });

  it("reports in status what is left, when the backlog clears, and the verdict", () => {
    const desk = createDesk();
    expect(desk.delivery.status()).toEqual({
      quota: { pointsLeft: 7, requestsLeft: 8, pointsMax: 10_000 },
      backlogClearsMs: null,
      verdict: 0,
      verdictText: "everything sent",
      deliveryFault: "",
    });
  });
});

describe("the verdict", () => {
  const verdictOf = (desk: ReturnType<typeof createDesk>, why: "button" | "schedule" = "schedule"): number => {
    desk.delivery.trigger(why);
    desk.timers.advance(5000);
    return desk.delivery.verdict();
  };

  it("is the first that applies, in the order of the list", () => {
    const desk = createDesk();
    desk.held = true;
    expect(verdictOf(desk)).toBe(VERDICT.undatedSamples);
    desk.counters.expired = 3;
    expect(verdictOf(desk)).toBe(VERDICT.samplesLost);
    desk.sensorFailing = true;
    expect(verdictOf(desk)).toBe(VERDICT.sensorFailing);
    desk.flashFault = true;
    expect(verdictOf(desk)).toBe(VERDICT.flashFault);
    desk.result.verdict = VERDICT.dailyLimit;
    expect(verdictOf(desk)).toBe(VERDICT.dailyLimit);
  });

  it("tells of lost and undatable samples until somebody has seen it at a press", () => {
    const desk = createDesk();
    desk.counters.overwritten = 2;
    expect(verdictOf(desk)).toBe(VERDICT.samplesLost);
    expect(verdictOf(desk, "button")).toBe(VERDICT.samplesLost);
    expect(verdictOf(desk, "button")).toBe(VERDICT.allSent);
    desk.counters.undatable = 1;
    expect(verdictOf(desk, "button")).toBe(VERDICT.undatedSamples);
    expect(verdictOf(desk)).toBe(VERDICT.allSent);
  });
});
