import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../firmware/limits.ts";
import { createAccount, type Account as LedgerAccount } from "../../../firmware/storage/ledger/account.ts";
import { BUSY, REFUSALS, REPLAYS_REFUSED, TRIES } from "../../../firmware/storage/ledger/counters.ts";
import type { Attempt } from "../../../firmware/storage/ledger/ledger.ts";
import { judge, type Outcome } from "../../../firmware/upload/outcome.ts";
import {
  batchPointsMax,
  beginPace,
  learnPace,
  openPaceMemory,
  type Pace,
  streamPace,
  streamWaitMs,
} from "../../../firmware/upload/pace.ts";
import { emptyLedger } from "../../support/fixes.ts";

const HOUR_MS = 3_600_000;

function createPaceRig(requestPointsMax = 10_000, refusals = 0) {
  const clock = { nowRawMs: 5000, rawMs: () => clock.nowRawMs };
  /** What the ledger counts, pin by pin. `lastTrueMs` 1: the server has taken points of it. */
  interface Account {
    refusals: number;
    tries: number;
    busy: number;
    replaysRefused: number;
    attempt: Attempt | undefined;
    lastTrueMs: number;
  }
  const accounts: { [pin: number]: LedgerAccount } = {};
  const account = (pin: number): Account => {
    if (!accounts[pin]) {
      accounts[pin] = { ...createAccount(), lastTrueMs: 1 };
      accounts[pin].counts[REFUSALS] = refusals;
    }
    const { counts } = accounts[pin];
    const counted = (at: number) => ({ get: () => counts[at], set: (value: number) => (counts[at] = value) });
    return Object.defineProperties(accounts[pin], {
      refusals: { configurable: true, ...counted(REFUSALS) },
      tries: { configurable: true, ...counted(TRIES) },
      busy: { configurable: true, ...counted(BUSY) },
      replaysRefused: { configurable: true, ...counted(REPLAYS_REFUSED) },
    }) as LedgerAccount & Account;
  };
  const ledger = emptyLedger();
  ledger.told.accounts = accounts;
  const memory = openPaceMemory();
  const plan = { pointsMax: 10_000, requestsMax: 300, requestPointsMax };
  const pace: Pace = { clock, ledger, ...plan, memory };
  const of = (pin: number) => {
    account(pin);
    return streamPace(memory, pin);
  };
  return {
    pace: { of, begin: () => beginPace(pace) },
    waitMs: (points: number, requestsLeft: number) => streamWaitMs(pace, of(1), points, requestsLeft),
    forgive: () => {
      memory.forgivenRawMs = clock.nowRawMs;
    },
    clock,
    account,
    /** Raw time until which it gets no request; 0: none. */
    rests: (pin = 1) => {
      const waitMs = streamWaitMs(pace, of(pin), 1000, 300);
      return waitMs === 0 ? 0 : clock.nowRawMs + waitMs;
    },
    size: (pin = 1) => batchPointsMax(pace, of(pin)),
    /** A request of `points` points from position 4096 on comes to `outcome`. */
    learn: (
      outcome: Outcome,
      points = 100,
      options: { pin?: number; replay?: boolean; from?: number } = {},
    ): boolean => {
      const known = account(options.pin ?? 1);
      const from = options.from ?? 4096;
      const attempt: Attempt = {
        pin: options.pin ?? 1,
        from,
        to: from + points,
        points,
        bodyBytes: 20 * points,
        rawMs: clock.nowRawMs,
        fixId: 1,
        thinEvery: 1,
        thinPhase: 0,
        afterTrueMs: 0,
      };
      const judgement = judge(outcome);
      const fate = learnPace(pace, attempt, options.replay ?? false, judgement);
      // As the ledger counts it.
      if (!known.attempt) known.tries = known.busy = known.replaysRefused = 0;
      if (judgement.attempt === "done") known.refusals = 0;
      if (judgement.attempt === "rest") {
        if (fate !== "keep") known.refusals++;
        known.replaysRefused++;
      }
      if (judgement.attempt === "keep") known.tries++;
      if (outcome === "busy") known.busy++;
      known.attempt = fate === "keep" ? attempt : undefined;
      return fate === "keep";
    },
  };
}

describe("the size of a batch", () => {
  it("starts moderate and doubles with each full batch, up to what a request may have", () => {
    const { size, learn } = createPaceRig();
    const sizes = [size()];
    for (let i = 0; i < 5; i++) {
      learn("sent", size());
      sizes.push(size());
    }
    expect(sizes).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it("stays when the batch was not full", () => {
    const { size, learn } = createPaceRig();
    learn("sent", 999);
    expect(size()).toBe(1000);
  });

  it.each(["unknown", "cut", "unreached"] as const)("halves when the outcome is %s, down to a floor", (outcome) => {
    const { size, learn } = createPaceRig();
    const sizes: number[] = [];
    for (let i = 0; i < 6; i++) {
      learn(outcome);
      sizes.push(size());
    }
    expect(sizes).toEqual([500, 250, 125, 62, LIMITS.batchPointsMin, LIMITS.batchPointsMin]);
  });

  it.each(["foreign", "stop", "busy"] as const)("falls to the floor at once when the outcome is %s", (outcome) => {
    const { size, learn } = createPaceRig();
    learn(outcome);
    expect(size()).toBe(LIMITS.batchPointsMin);
  });

  it("is never more than a request may have, the floor included", () => {
    const { size, learn } = createPaceRig(20);
    expect(size()).toBe(20);
    learn("cut");
    expect(size()).toBe(20);
    learn("foreign");
    expect(size()).toBe(20);
  });

  it("is moderate again in the next delivery", () => {
    const { pace, size, learn } = createPaceRig();
    for (let i = 0; i < 3; i++) learn("sent", size());
    pace.begin();
    expect(size()).toBe(LIMITS.batchPointsFirst);
  });

  it("halves for all datastreams, over deliveries, when the server wants fewer points", () => {
    const { pace, size, learn } = createPaceRig();
    learn("smaller", 1000);
    expect([size(1), size(2)]).toEqual([500, 500]);
    learn("sent", 1000);
    pace.begin();
    expect(size(2)).toBe(500);
  });

  it("falls for one datastream alone when the server refuses what is in its batch, and grows back", () => {
    const { size, learn } = createPaceRig();
    const sizes: number[] = [];
    for (let points = 1000; points > 1; points = size()) {
      learn("refused", points);
      sizes.push(size());
    }
    expect(sizes).toEqual([64, 32, 16, 8, 4, 2, 1]);
    expect(size(2)).toBe(1000);
    for (let i = 0; i < 10; i++) learn("sent", 1);
    expect(size()).toBe(1000);
  });
});

describe("a datastream", () => {
  it.each(["unknown", "cut", "unreached", "foreign"] as const)("counts as failed when the outcome is %s", (outcome) => {
    const { pace, learn } = createPaceRig();
    learn(outcome);
    learn(outcome);
    expect(pace.of(1).failures).toBe(2);
    learn("sent");
    expect(pace.of(1).failures).toBe(0);
  });

  it.each(["stop", "pin", "smaller", "refused"] as const)("does not count as failed when it is %s", (outcome) => {
    const { pace, learn } = createPaceRig();
    learn(outcome);
    expect(pace.of(1).failures).toBe(0);
  });

  it("without a pin on the server is left alone until the next delivery, which asks for one point", () => {
    const { pace, size, learn } = createPaceRig();
    learn("pin");
    expect(pace.of(1).stopped).toBe(true);
    expect(pace.of(2).stopped).toBe(false);
    pace.begin();
    expect(pace.of(1).stopped).toBe(false);
    expect(size()).toBe(1);
  });

  it("goes on behind a single refused point, and back to it in the next delivery", () => {
    const { pace, size, learn } = createPaceRig();
    learn("refused", 1, { from: 5000 });
    expect(pace.of(1)).toMatchObject({ skipping: true, skipTo: 5001 });
    learn("refused", 1, { from: 5001 });
    expect(pace.of(1)).toMatchObject({ skipping: true, skipTo: 5002 });
    pace.begin();
    expect(pace.of(1)).toMatchObject({ skipping: false, skipTo: 5002 });
    expect(size()).toBe(1);
    learn("sent", 1, { from: 5002 });
    expect(pace.of(1)).toMatchObject({ skipping: false, skipTo: 0 });
  });

  it("is left alone after a number of single refused points, until the next delivery", () => {
    const { pace, learn } = createPaceRig();
    for (let i = 0; i < LIMITS.refusedPointsPerDeliveryMax; i++) {
      expect(pace.of(1).stopped).toBe(false);
      learn("refused", 1, { from: 5000 + i });
    }
    expect(pace.of(1).stopped).toBe(true);
    pace.begin();
    expect(pace.of(1)).toMatchObject({ stopped: false, refused: 0 });
  });

  it("is left alone when the server wants fewer points than one", () => {
    const { pace, learn } = createPaceRig();
    learn("smaller", 1);
    expect(pace.of(1).stopped).toBe(true);
  });
});

describe("an attempt", () => {
  it.each<[Outcome, boolean, boolean]>([
    ["sent", false, false],
    ["unknown", true, true],
    ["cut", false, true],
    ["foreign", true, true],
    ["stop", false, true],
    ["pin", false, true],
    ["smaller", false, true],
    ["refused", false, true],
  ])("that ends as %s is kept: %s when new, %s when it was a replay", (outcome, whenNew, whenReplay) => {
    expect(createPaceRig().learn(outcome)).toBe(whenNew);
    expect(createPaceRig().learn(outcome, 100, { replay: true })).toBe(whenReplay);
  });

  it("that may have been accepted rests when it is refused: 1, 2, 4, 8 and 16 hours, then it is given up", () => {
    const { pace, clock, learn, rests } = createPaceRig();
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      expect(learn("refused", 100, { replay: true })).toBe(true);
      waits.push((rests() - clock.nowRawMs) / HOUR_MS);
      clock.nowRawMs = rests();
    }
    expect(waits).toEqual([1, 2, 4, 8, 16]);
    expect(learn("refused", 100, { replay: true })).toBe(false);
    expect(pace.of(1)).toMatchObject({ pointsMax: LIMITS.refusedBatchPoints });
  });

  it("that rests does so over deliveries, until somebody asks", () => {
    const { pace, learn, rests, forgive } = createPaceRig();
    learn("pin", 100, { replay: true });
    pace.begin();
    expect(rests()).toBeGreaterThan(HOUR_MS);
    forgive();
    expect(rests()).toBe(0);
  });

  it("that is refused as a replay teaches nothing of its size or pin", () => {
    const { pace, size, learn } = createPaceRig();
    for (const outcome of ["pin", "smaller", "refused"] as const) learn(outcome, 100, { replay: true });
    expect(size()).toBe(1000);
    expect(pace.of(1).stopped).toBe(false);
  });
});

describe("the server's limit", () => {
  it("grows again with each full batch: one hour of refusals costs no day", () => {
    const { pace, size, learn } = createPaceRig();
    for (let points = size(); points > 1; points = size()) learn("smaller", points);
    expect(size()).toBe(1);
    let requests = 0;
    for (let sent = 0; sent < 10_000 && requests < 1000; sent += size(), requests++) {
      if (requests % 8 === 0) pace.begin();
      learn("sent", size());
    }
    expect(requests).toBeLessThan(40);
  });

  it("finds a limit that is meant, and tries it out more and more seldom", () => {
    const { pace, clock, size, learn } = createPaceRig();
    const refused: number[] = [];
    for (let hour = 0; hour < 14 * 24; hour++) {
      pace.begin();
      for (let n = 0; n < 3; n++) {
        const points = size();
        if (points > 400) refused.push(hour);
        learn(points > 400 ? "smaller" : "sent", points);
      }
      clock.nowRawMs += HOUR_MS;
    }
    expect(size()).toBeGreaterThan(200);
    expect(refused.filter((hour) => hour < 24).length).toBeLessThanOrEqual(8);
    expect(refused.filter((hour) => hour >= 7 * 24).length).toBeLessThanOrEqual(2);
  });

  it("never falls below what was accepted in the same hour: then size is not at fault", () => {
    const { pace, clock, size, learn } = createPaceRig();
    learn("sent", 60);
    learn("smaller", 100);
    expect(size()).toBe(60);
    learn("smaller", 60);
    expect(size()).toBe(60);
    expect(pace.of(1).stopped).toBe(true);
    clock.nowRawMs += HOUR_MS;
    learn("smaller", 60);
    expect(size()).toBe(30);
  });

  it("belongs to one server: in another region it is as documented", () => {
    const { size, learn } = createPaceRig();
    learn("smaller", 1000);
    expect(size()).toBe(500);
    learn("moved");
    expect(size()).toBe(LIMITS.batchPointsFirst);
  });
});

describe("a batch of unknown fate", () => {
  it("rests after its second try, the longer the more points it costs, half a day's at most", () => {
    const { learn, rests, clock } = createPaceRig();
    learn("busy", 1000);
    expect(rests()).toBe(0);
    learn("busy", 1000, { replay: true });
    const restMs = rests() - clock.nowRawMs;
    expect((LIMITS.quotaWindowMs / restMs) * 1000).toBeLessThanOrEqual(5000);
    expect(restMs).toBeLessThan(6 * HOUR_MS);
  });

  it("is tried at once when another datastream's batch was accepted: the server is well again", () => {
    const { learn, rests, clock } = createPaceRig();
    for (let n = 0; n < 3; n++) learn("busy", 1000, { replay: n > 0 });
    expect(rests()).toBeGreaterThan(0);
    clock.nowRawMs += 1000;
    learn("sent", 10, { pin: 2 });
    expect(rests()).toBe(0);
  });

  it("gives way to smaller ones once it does not pass while others do, and the limit stays down for a week", () => {
    const { learn, size, clock, pace } = createPaceRig();
    learn("busy", 1000);
    let tries = 1;
    do {
      clock.nowRawMs += 4 * HOUR_MS;
      learn("sent", 40, { pin: 2 });
      tries++;
    } while (learn("busy", 1000, { replay: true }) && tries < 50);
    expect(tries).toBe(6);
    expect(size()).toBeLessThanOrEqual(LIMITS.batchPointsMin);
    for (let hour = 0; hour < 6 * 24; hour++) {
      pace.begin();
      learn("sent", size());
      clock.nowRawMs += HOUR_MS;
    }
    expect(size()).toBeLessThanOrEqual(LIMITS.batchPointsMin);
  });

  it("gives way to a small one after eight answers, if it is the smallest open one and none is accepted", () => {
    const { learn, size, clock } = createPaceRig();
    const kept: boolean[][] = [];
    for (let n = 0; n < 8; n++) {
      kept.push([learn("busy", 400, { replay: n > 0 }), learn("busy", 300, { pin: 2, replay: n > 0 })]);
      clock.nowRawMs += HOUR_MS;
    }
    expect(kept).toEqual([...Array(7).fill([true, true]), [true, false]]);
    expect(size(2)).toBe(LIMITS.batchPointsMin);
    // The small one passes. Is the server well again, or is size at fault? The next large one tells.
    learn("sent", 50, { pin: 2 });
    clock.nowRawMs += HOUR_MS;
    expect(size(2)).toBe(100);
    expect(learn("busy", 400, { replay: true })).toBe(false);
    expect(size()).toBe(LIMITS.batchPointsMin);
    learn("sent", 50, { pin: 2 });
    expect(size(2)).toBe(LIMITS.batchPointsMin);
  });

  it("gives way so also when some were accepted at first, and now all datastreams have open ones", () => {
    const { learn, clock } = createPaceRig();
    const kept: boolean[] = [];
    for (let n = 0; n < 8; n++) {
      kept.push(learn("busy", 300, { pin: 2, replay: n > 0 }));
      clock.nowRawMs += HOUR_MS;
      if (n < 2) learn("sent", 50);
      else learn("busy", 400, { replay: n > 2 });
    }
    expect(kept).toEqual([...Array(7).fill(true), false]);
  });

  it("is not held to a small size once as many points as gave way were accepted", () => {
    const { learn, size, clock } = createPaceRig();
    for (let n = 0; n < 8; n++) expect(learn("busy", 300, { replay: n > 0 })).toBe(n < 7);
    for (const points of [50, 100, 200, 400]) {
      clock.nowRawMs += HOUR_MS;
      expect(size()).toBe(points);
      learn("sent", points);
    }
    for (let n = 0; n < 7; n++) expect(learn("busy", 300, { replay: n > 0 })).toBe(true);
  });

  it("is kept when the server fails for everybody, or for nobody else knows", () => {
    const { learn } = createPaceRig();
    for (let n = 0; n < 7; n++) expect(learn("busy", 60, { replay: n > 0 })).toBe(true);
    for (let n = 0; n < 40; n++) expect(learn("unknown", 1000, { pin: 2, replay: n > 0 })).toBe(true);
  });
});

describe("a datastream of which nothing was ever accepted", () => {
  const refuseAll = (rig: ReturnType<typeof createPaceRig>): number => {
    let requests = 0;
    for (let points = rig.size(); !rig.pace.of(1).stopped && requests < 50; points = rig.size()) {
      rig.learn("refused", points, { from: 5000 + requests++ });
    }
    return requests;
  };

  it("is probed with single points, not searched, and then more and more seldom, also after a boot", () => {
    const rig = createPaceRig();
    rig.account(1).lastTrueMs = 0;
    expect(refuseAll(rig)).toBe(3);
    const waits: number[] = [];
    for (let n = 0; n < 4; n++) {
      rig.pace.begin();
      waits.push(Math.max(0, rig.rests() - rig.clock.nowRawMs) / HOUR_MS);
      rig.clock.nowRawMs = Math.max(rig.clock.nowRawMs, rig.rests());
      expect(rig.size()).toBe(1);
      expect(refuseAll(rig)).toBe(2);
    }
    expect(waits).toEqual([0, 2, 8, 8]);
  });

  it("is asked about one point, not a batch, by a boot that finds its refusals in the ledger", () => {
    const { size, account } = createPaceRig(10_000, 3);
    account(1).lastTrueMs = 0;
    expect([size(1), size(2)]).toEqual([1, 1000]);
  });

  it("is sent whole as soon as one is accepted", () => {
    const rig = createPaceRig();
    rig.account(1).lastTrueMs = 0;
    refuseAll(rig);
    rig.pace.begin();
    for (let n = 0; n < 10; n++) rig.learn("sent", rig.size());
    expect(rig.size()).toBeGreaterThan(LIMITS.refusedBatchPoints);
  });
});

describe("the search for bad points", () => {
  it("has a share of the day: with more refusals, each ends its datastream's delivery", () => {
    const { pace, clock, learn } = createPaceRig();
    let requests = 0;
    for (let n = 0; n < 200; n++) {
      if (pace.of(1).stopped) pace.begin();
      learn("refused", 64, { from: 5000 + n });
      requests++;
      if (pace.of(1).stopped) break;
    }
    expect(requests * 64).toBeLessThanOrEqual(10_000 / 5 + 64);
    clock.nowRawMs += LIMITS.quotaWindowMs;
    pace.begin();
    learn("refused", 64);
    expect(pace.of(1).stopped).toBe(false);
  });
});

describe("the requests of a day", () => {
  const spacing = (streams: number, requestsLeft: number): number => {
    const { pace, clock, learn, waitMs } = createPaceRig();
    clock.nowRawMs = HOUR_MS;
    for (let pin = 1; pin <= streams; pin++) learn("sent", 5, { pin });
    clock.nowRawMs++;
    pace.begin();
    return (waitMs(5, requestsLeft) + 1) / HOUR_MS;
  };

  it("are spread: seldom with few left, but hourly for each datastream as long as the day's suffice", () => {
    expect(spacing(1, 300)).toBeLessThan(2 / 60);
    expect(spacing(1, 100)).toBeLessThan(10 / 60);
    expect(spacing(1, 10)).toBeCloseTo(0.98, 2);
    for (let streams = 1; streams <= 12; streams++) expect(spacing(streams, 0)).toBeLessThanOrEqual(1);
  });

  it("are not saved for a request with its share of the day's points, nor when somebody asks", () => {
    const { pace, clock, learn, forgive, waitMs } = createPaceRig();
    clock.nowRawMs = HOUR_MS;
    learn("sent", 5);
    clock.nowRawMs++;
    pace.begin();
    expect(waitMs(33, 1)).toBeGreaterThan(0);
    expect(waitMs(34, 1)).toBe(0);
    forgive();
    expect(waitMs(5, 1)).toBe(0);
  });
});
