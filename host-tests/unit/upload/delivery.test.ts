import { describe, expect, it } from "vitest";
import type { TimeFound } from "../../../firmware/clock/take-fix.ts";
import { LIMITS } from "../../../firmware/limits.ts";
import { createAccount } from "../../../firmware/storage/ledger/account.ts";
import { COUNTERS } from "../../../firmware/storage/ledger/counters.ts";
import type { Counters, Ledger } from "../../../firmware/storage/ledger/ledger.ts";
import { createDelivery, type DeliverySettings } from "../../../firmware/upload/delivery.ts";
import type { Drain } from "../../../firmware/upload/drain.ts";
import { openEndpoint } from "../../../firmware/upload/endpoint.ts";
import { lossesOf } from "../../../firmware/upload/final-verdict.ts";
import { openUploadMemory } from "../../../firmware/upload/upload.ts";
import { VERDICT, type Verdict } from "../../../firmware/verdict.ts";
import { emptyLedger } from "../../support/fixes.ts";
import { createVirtualTimers } from "../../support/virtual-timers.ts";

/** A ledger in which the samples of v1 went so. */
function ledger(counters: Partial<Counters>): Ledger {
  const known = emptyLedger();
  known.told.accounts[1] = createAccount();
  known.told.accounts[1].counts.set(COUNTERS.map((name) => counters[name] ?? 0));
  return known;
}

/** A delivery among fakes whose doings are listed in `events`. Each step takes a second. */
function createDeliveryRig(settings: Partial<DeliverySettings> = {}) {
  const timers = createVirtualTimers(0);
  const events: string[] = [];
  const lines: string[] = [];
  const counters = { overwritten: 0, expired: 0, undatable: 0, thinned: 0, refused: 0, unrepresentable: 0, corrupt: 0 };
  const rig = {
    timers,
    events,
    lines,
    /** What the listener was told. */
    busy: [] as boolean[],
    counters,
    up: true,
    joins: VERDICT.allSent as Verdict,
    known: "known" as TimeFound,
    /** How the server, and a time server, answered while the fix was taken. */
    contact: "answered",
    told: true,
    result: { verdict: VERDICT.allSent as Verdict, nextTryMs: Number.POSITIVE_INFINITY },
    held: false,
    flashFault: false,
    sensorFailing: false,
    free: 4000,
    drainThrows: false,
    endpoint: openEndpoint({ readJson: () => undefined }, "https://blynk.example", "a-token"),
    memory: openUploadMemory(0),
    down: undefined as (() => void) | undefined,
    /** What a step of the upload's timers calls. */
    step: () => {},
    opened: 0,
    delivery: undefined as unknown as ReturnType<typeof createDelivery>,
  };
  const soon = (event: string, act: () => void): void => {
    timers.setTimeout(() => {
      events.push(event);
      act();
    }, 1000);
  };
  const drain: Drain = {
    run: (done) => {
      if (rig.drainThrows) throw new Error("worn");
      soon("drain", () => done(rig.result.verdict, rig.result.nextTryMs));
    },
    linkLost: () => events.push("link lost"),
    stop: () => events.push("stop"),
  };
  rig.delivery = createDelivery(
    {
      network: {
        up: () => rig.up,
        connect: (done) => soon("connect", () => done(rig.joins)),
        disconnect: () => events.push("disconnect"),
        distrust: (dead) => events.push(dead ? "dead link" : "bad link"),
        onUp: () => {},
        onDown: (callback) => {
          rig.down = callback;
        },
      },
      takeFix: (done) => soon("fix", () => done(rig.known, rig.contact, rig.told)),
      openUpload: (onStep) => {
        rig.opened++;
        rig.step = onStep;
        rig.memory.holds = rig.held;
        return drain;
      },
      unreached: (found, contact) => {
        if (found === "unknown" && contact !== "foreign") return VERDICT.noTime;
        events.push("not confirmed");
        return VERDICT.serverNotReached;
      },
      memory: rig.memory,
      endpoint: rig.endpoint,
      losses: () => lossesOf(ledger(counters)),
      clock: { rawMs: timers.nowMs },
      ailments: { flashFailed: () => rig.flashFault, failing: () => rig.sensorFailing },
      timers,
      chip: { memory: () => ({ free: rig.free, total: 5000 }), random: () => 0.5 },
      log: (level, text) => lines.push(`[${level}] ${text}`),
    },
    { syncEveryMs: 3_600_000, connectEveryMs: undefined, networks: 1, ...settings },
  );
  rig.delivery.watch((busy) => rig.busy.push(busy));
  return rig;
}

const ONE_DELIVERY = ["connect", "fix", "drain"];

describe("a delivery", () => {
  it("joins Wi-Fi, takes a fix, drains, and says how it went", () => {
    const rig = createDeliveryRig();
    rig.delivery.trigger("connect");
    expect(rig.busy.at(-1)).toBe(true);
    rig.timers.advance(5000);
    expect(rig.events).toEqual(ONE_DELIVERY);
    expect(rig.busy.at(-1)).toBe(false);
    expect(rig.delivery.verdict()).toBe(VERDICT.allSent);
    expect(rig.busy).toEqual([true, false]);
  });

  it("drains nothing while the server is not reached to confirm the time, and tries again after a backoff", () => {
    const rig = createDeliveryRig();
    rig.known = "unconfirmed";
    rig.delivery.trigger("connect");
    rig.timers.advance(2500);
    expect(rig.events).toEqual(["connect", "fix", "not confirmed"]);
    expect(rig.delivery.verdict()).toBe(VERDICT.serverNotReached);
    rig.known = "known";
    rig.events.length = 0;
    rig.timers.advance(6000);
    expect(rig.events).toEqual(ONE_DELIVERY);
    expect(rig.delivery.verdict()).toBe(VERDICT.allSent);
  });

  it("ends with a flash fault when something in it throws, and the next one works", () => {
    const rig = createDeliveryRig();
    rig.delivery.trigger("connect");
    rig.timers.advance(2500);
    rig.delivery.fail(new Error("ledger: flash fault"));
    expect(rig.busy.at(-1)).toBe(false);
    expect(rig.delivery.verdict()).toBe(VERDICT.flashFault);
    expect(rig.events).toEqual(["connect", "fix", "stop"]);
    rig.delivery.trigger("button");
    // What the broken one had under way is not heard.
    rig.timers.advance(1000);
    expect(rig.busy.at(-1)).toBe(true);
    rig.timers.advance(4000);
    expect(rig.delivery.verdict()).toBe(VERDICT.allSent);
  });

  it("runs one at a time: triggers during one make one more", () => {
    const rig = createDeliveryRig();
    rig.delivery.trigger("connect");
    rig.timers.advance(1500);
    rig.delivery.trigger("schedule");
    rig.delivery.trigger("button");
    rig.delivery.trigger("console");
    rig.timers.advance(20_000);
    expect(rig.events).toEqual([...ONE_DELIVERY, ...ONE_DELIVERY]);
    expect(rig.memory.forgivenRawMs).toBeGreaterThan(0);
  });

  it("comes by itself on schedule while connected, and not while the network is away", () => {
    const rig = createDeliveryRig();
    rig.timers.advance(3_600_000 + 5000);
    expect(rig.events).toEqual(ONE_DELIVERY);
    rig.up = false;
    rig.timers.advance(5 * 3_600_000);
    expect(rig.events).toEqual(ONE_DELIVERY);
    rig.up = true;
    rig.timers.advance(3_600_000 + 5000);
    expect(rig.events).toEqual([...ONE_DELIVERY, ...ONE_DELIVERY]);
  });

  it("comes earlier when allowance comes back earlier, but keeps the schedule when it comes later", () => {
    const rig = createDeliveryRig();
    rig.result = { verdict: VERDICT.dailyLimit, nextTryMs: 600_000 };
    rig.delivery.trigger("connect");
    rig.timers.advance(3000 + 600_000 + 3500);
    expect(rig.events).toHaveLength(6);
    rig.result = { verdict: VERDICT.dailyLimit, nextTryMs: 80_000_000 };
    rig.timers.advance(610_000);
    const before = rig.events.length;
    rig.timers.advance(3_600_000 + 5000);
    expect(rig.events.length - before).toBe(3);
  });

  it("keeps to a backoff that is longer than the schedule", () => {
    const rig = createDeliveryRig({ syncEveryMs: 10_000 });
    rig.result = { verdict: VERDICT.serverNotReached, nextTryMs: 900_000 };
    rig.delivery.trigger("connect");
    rig.timers.advance(800_000);
    expect(rig.events).toEqual(ONE_DELIVERY);
    rig.timers.advance(200_000);
    expect(rig.events.slice(0, 6)).toEqual([...ONE_DELIVERY, ...ONE_DELIVERY]);
  });

  it("turns the radio on only for itself when the device file says so", () => {
    const rig = createDeliveryRig({ connectEveryMs: 7_200_000 });
    rig.up = false;
    rig.timers.advance(7_200_000 + 5000);
    expect(rig.events).toEqual([...ONE_DELIVERY, "disconnect"]);
  });

  it("without Wi-Fi ends at once, with the network's verdict", () => {
    for (const verdict of [VERDICT.noAccessPoint, VERDICT.wrongPassword]) {
      const rig = createDeliveryRig();
      rig.joins = verdict;
      rig.delivery.trigger("button");
      rig.timers.advance(5000);
      expect(rig.events).toEqual(["connect"]);
      expect(rig.memory.forgivenRawMs).toBe(0);
      expect(rig.delivery.verdict()).toBe(verdict);
    }
  });

  it("is followed by none while the server, asked for its date, asks to be left alone", () => {
    const rig = createDeliveryRig();
    rig.known = "unknown";
    rig.endpoint.silentUntilRawMs = 7_200_000;
    rig.delivery.trigger("connect");
    rig.timers.advance(7_190_000);
    expect(rig.events).toEqual(["connect", "fix"]);
    rig.timers.advance(20_000);
    expect(rig.events.slice(0, 4)).toEqual(["connect", "fix", "connect", "fix"]);
  });

  it("without the time ends at once, and is tried again after a growing wait", () => {
    const rig = createDeliveryRig();
    rig.known = "unknown";
    rig.delivery.trigger("connect");
    rig.timers.advance(3000);
    expect(rig.delivery.verdict()).toBe(VERDICT.noTime);
    rig.timers.advance(3_600_000);
    const tries = rig.events.filter((event) => event === "fix").length;
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(15);
    expect(rig.events).not.toContain("drain");
  });

  it("is refused with a clear line when memory is short, and tried again", () => {
    const rig = createDeliveryRig();
    rig.free = LIMITS.deliveryMemoryFreeMin - 1;
    rig.delivery.trigger("connect");
    expect(rig.events).toEqual([]);
    expect(rig.busy.at(-1)).toBe(false);
    rig.up = false;
    expect(rig.lines[0]).toMatch(/^\[error\] sync refused: 1999 of 5000 JsVars are free, 2000 needed/);
    rig.free = 4000;
    rig.timers.advance(10_000);
    expect(rig.events).toEqual(ONE_DELIVERY);
  });

  it("ends with an error when the drain throws at its start, and is tried again", () => {
    const rig = createDeliveryRig();
    rig.drainThrows = true;
    rig.delivery.trigger("connect");
    rig.timers.advance(3000);
    expect(rig.busy.at(-1)).toBe(false);
    expect(rig.delivery.verdict()).toBe(VERDICT.flashFault);
    expect(rig.lines[0]).toBe("[error] sync: Error: worn");
    rig.drainThrows = false;
    rig.timers.advance(10_000);
    expect(rig.delivery.verdict()).toBe(VERDICT.allSent);
  });

  it("asks for a restart when its timer, or that of the next one, is lost, and not before", () => {
    const beats = (rig: ReturnType<typeof createDeliveryRig>): number => {
      let count = 0;
      while (rig.delivery.beat()) count++;
      return count * LIMITS.heartbeatMs;
    };
    const stuck = createDeliveryRig();
    stuck.delivery.trigger("connect");
    stuck.timers.advance(2500);
    stuck.timers.dropAll();
    for (let i = 0; i < 100; i++) {
      expect(stuck.delivery.beat()).toBe(true);
      stuck.step();
    }
    expect(beats(stuck)).toBeGreaterThan(LIMITS.deliveryStallMs - 2 * LIMITS.heartbeatMs);
    expect(stuck.delivery.beat()).toBe(false);

    const idle = createDeliveryRig();
    idle.delivery.trigger("connect");
    idle.timers.advance(5000);
    idle.timers.dropAll();
    idle.step();
    expect(beats(idle)).toBeGreaterThan(3_600_000);

    const well = createDeliveryRig();
    for (let i = 0; i < 3000; i++) {
      well.timers.advance(LIMITS.heartbeatMs);
      expect(well.delivery.beat()).toBe(true);
    }
  });

  it("tells the drain when the network is lost", () => {
    const rig = createDeliveryRig();
    rig.delivery.trigger("connect");
    rig.timers.advance(2500);
    rig.down?.();
    expect(rig.events.at(-1)).toBe("link lost");
  });

  it("holds what sends samples only while it does", () => {
    const rig = createDeliveryRig();
    for (let opened = 0; opened < 3; opened++) {
      expect(rig.opened).toBe(opened);
      rig.delivery.trigger("connect");
      rig.timers.advance(1500);
      expect(rig.opened).toBe(opened);
      rig.timers.advance(5000);
    }
  });
});

describe("the verdict", () => {
  const verdictOf = (rig: ReturnType<typeof createDeliveryRig>, why: "button" | "schedule" = "schedule"): number => {
    rig.delivery.trigger(why);
    rig.timers.advance(5000);
    return rig.delivery.verdict();
  };

  it("is the first that applies, in the order of the list", () => {
    const rig = createDeliveryRig();
    rig.held = true;
    expect(verdictOf(rig)).toBe(VERDICT.undatedSamples);
    rig.counters.expired = 3;
    expect(verdictOf(rig)).toBe(VERDICT.samplesLost);
    rig.sensorFailing = true;
    expect(verdictOf(rig)).toBe(VERDICT.sensorFailing);
    rig.flashFault = true;
    expect(verdictOf(rig)).toBe(VERDICT.flashFault);
    rig.result.verdict = VERDICT.dailyLimit;
    expect(verdictOf(rig)).toBe(VERDICT.dailyLimit);
  });

  it.each(["expired", "overwritten", "thinned", "refused", "unrepresentable", "corrupt"] as const)(
    "tells of samples that were let go as %s",
    (reason) => {
      const rig = createDeliveryRig();
      rig.counters[reason] = 1;
      expect(verdictOf(rig, "button")).toBe(VERDICT.samplesLost);
      expect(verdictOf(rig, "button")).toBe(VERDICT.allSent);
    },
  );

  it("tells of lost and undatable samples until somebody has seen it at a press", () => {
    const rig = createDeliveryRig();
    rig.counters.overwritten = 2;
    expect(verdictOf(rig)).toBe(VERDICT.samplesLost);
    expect(verdictOf(rig, "button")).toBe(VERDICT.samplesLost);
    expect(verdictOf(rig, "button")).toBe(VERDICT.allSent);
    rig.counters.undatable = 1;
    expect(verdictOf(rig, "button")).toBe(VERDICT.undatedSamples);
    expect(verdictOf(rig)).toBe(VERDICT.allSent);
  });
});

describe("a delivery that nobody answers", () => {
  /** A rig in which the drain ends with this verdict, and the server is met like this. */
  function unanswered(met: number, settings: Partial<DeliverySettings> = {}) {
    const rig = createDeliveryRig(settings);
    rig.told = met > 0;
    rig.contact = "";
    rig.result = { verdict: VERDICT.serverNotReached, nextTryMs: 1000 };
    return rig;
  }
  const blamed = (events: string[]) => events.filter((event) => event.endsWith(" link"));

  it("gives its link up, and the next one joins another", () => {
    const rig = unanswered(0, { networks: 2 });
    rig.delivery.trigger("connect");
    rig.timers.advance(3000);
    expect(rig.events).toEqual([...ONE_DELIVERY, "dead link"]);
    expect(rig.busy.at(-1)).toBe(false);
  });

  it.each([
    ["the button was pressed", "button", {}],
    ["the next one is far away", "schedule", { connectEveryMs: 86_400_000 }],
  ] as const)("tries each network at once when %s, once", (_why, cause, settings) => {
    const rig = unanswered(0, { networks: 2, ...settings });
    rig.delivery.trigger(cause);
    rig.timers.advance(9000);
    expect(blamed(rig.events)).toEqual(["dead link", "dead link", "dead link"]);
    expect(rig.events.filter((event) => event === "connect")).toHaveLength(3);
    expect(rig.busy).toEqual([true, false]);
    expect(rig.delivery.verdict()).toBe(VERDICT.serverNotReached);
  });

  it("ends well over the second link", () => {
    const rig = unanswered(0);
    rig.delivery.trigger("button");
    rig.timers.advance(3500);
    rig.told = true;
    rig.result = { verdict: VERDICT.allSent, nextTryMs: Number.POSITIVE_INFINITY };
    rig.timers.advance(5000);
    expect(rig.busy).toEqual([true, false]);
    expect(rig.delivery.verdict()).toBe(VERDICT.allSent);
  });

  it("leaves a link over which only others answer after the second time", () => {
    const rig = unanswered(1);
    for (let i = 1; i <= 4; i++) {
      rig.delivery.trigger("connect");
      rig.timers.advance(3000);
      expect(blamed(rig.events)).toHaveLength(i >> 1);
    }
  });

  it("asks the provisioned server when the one it was sent on to is not met for long, and that one again", () => {
    const rig = unanswered(1);
    rig.endpoint.server = "https://fra1.blynk.cloud";
    rig.endpoint.saved = "https://fra1.blynk.cloud";
    const servers: string[] = [];
    for (let i = 0; i < 13; i++) {
      rig.delivery.trigger("connect");
      rig.timers.advance(3000);
      servers.push(rig.endpoint.server);
    }
    expect(servers.indexOf("https://blynk.example")).toBe(5);
    expect(servers.lastIndexOf("https://blynk.example")).toBe(10);
  });

  it("blames no link when nothing was asked, or Blynk answered", () => {
    const rig = createDeliveryRig({ networks: 2 });
    const results: [Verdict, number][] = [
      [VERDICT.allSent, Number.POSITIVE_INFINITY],
      [VERDICT.dailyLimit, 60_000],
      [VERDICT.serverNotReached, Number.POSITIVE_INFINITY],
      [VERDICT.serverSaysNo, Number.POSITIVE_INFINITY],
    ];
    for (const [verdict, nextTryMs] of [...results, ...results]) {
      rig.result = { verdict, nextTryMs };
      rig.delivery.trigger("button");
      rig.timers.advance(3000);
    }
    expect(blamed(rig.events)).toEqual([]);
  });

  it("shows that something else answers in Blynk's place, rather than that there is no time", () => {
    const rig = createDeliveryRig();
    rig.known = "unknown";
    rig.contact = "foreign";
    rig.delivery.trigger("connect");
    rig.timers.advance(2500);
    expect(rig.events).toContain("not confirmed");
    rig.contact = "";
    rig.delivery.trigger("button");
    rig.timers.advance(2500);
    expect(rig.delivery.verdict()).toBe(VERDICT.noTime);
  });
});
