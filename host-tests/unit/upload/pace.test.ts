import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../firmware/limits.ts";
import type { Attempt } from "../../../firmware/storage/ledger/ledger.ts";
import { judge, type Outcome } from "../../../firmware/upload/outcome.ts";
import { createPace } from "../../../firmware/upload/pace.ts";

const HOUR_MS = 3_600_000;

function createPaceRig(requestPointsMax = 10_000) {
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
  const accounts: { [pin: number]: Account } = {};
  const account = (pin: number) => {
    accounts[pin] ??= { refusals: 0, tries: 0, busy: 0, replaysRefused: 0, attempt: undefined, lastTrueMs: 1 };
    return accounts[pin];
  };
  const ledger = {
    attempt: (pin: number) => account(pin).attempt,
    troubles: (pin: number) => {
      const { refusals, tries, busy, replaysRefused } = account(pin);
      return [refusals, tries, busy, replaysRefused];
    },
    lastTrueMs: (pin: number) => account(pin).lastTrueMs,
  };
  const pace = createPace({ clock, ledger }, { pointsMax: 10_000, requestsMax: 300 }, requestPointsMax);
  return {
    pace,
    clock,
    account,
    /** Raw time until which it gets no request; 0: none. */
    rests: (pin = 1) => {
      const waitMs = pace.waitMs(pace.of(pin), 1000, 300);
      return waitMs === 0 ? 0 : clock.nowRawMs + waitMs;
    },
    size: (pin = 1) => pace.pointsMax(pace.of(pin)),
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
      const fate = pace.learn(attempt, options.replay ?? false, judgement);
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

  it.each(["foreign", "stop"] as const)("falls to the floor at once when the outcome is %s", (outcome) => {
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

  it("halves for all datastreams, for good, when the server wants fewer points", () => {
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
    const { pace, learn, rests } = createPaceRig();
    learn("pin", 100, { replay: true });
    pace.begin();
    expect(rests()).toBeGreaterThan(HOUR_MS);
    pace.forgive();
    expect(rests()).toBe(0);
  });

  it("that is refused as a replay teaches nothing of its size or pin", () => {
    const { pace, size, learn } = createPaceRig();
    for (const outcome of ["pin", "smaller", "refused"] as const) learn(outcome, 100, { replay: true });
    expect(size()).toBe(1000);
    expect(pace.of(1).stopped).toBe(false);
  });
});
