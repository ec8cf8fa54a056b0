import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../firmware/limits.ts";
import { VERDICT } from "../../../firmware/verdict.ts";
import { OK } from "../../support/fake-server.ts";
import { bodies, createUploadRig, pinOf, pointsOf, rigWith } from "../../support/upload-rig.ts";

describe("a failure", () => {
  it.each(["throw-request", "throw-write"] as const)("thrown at once (%s) is caught and costs no allowance", (fail) => {
    const rig = rigWith([{ fail }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.unit.ledger.charges()).toMatchObject([{ points: 300, requests: 1 }]);
  });

  it("that lasts ends the delivery after a few tries, and the backoff grows", () => {
    const rig = createUploadRig();
    rig.fill(1, 300);
    rig.server.behave = () => ({ fail: "throw-write" });
    const waits = [rig.drain().nextTryMs];
    for (let i = 0; i < 12; i++) waits.push(rig.drain().nextTryMs);
    expect(rig.server.requests.length).toBeLessThanOrEqual(13 * LIMITS.failuresPerDeliveryMax);
    expect(Math.max(...waits)).toBeLessThanOrEqual(LIMITS.backoffMaxMs);
    expect(Math.max(...waits.slice(-4))).toBeGreaterThan(60_000);
    rig.unit.forgive();
    rig.unit.drain.run(() => {});
    const before = rig.server.requests.length;
    rig.timers.advance(3 * LIMITS.backoffFirstMs);
    expect(rig.server.requests.length).toBeGreaterThan(before);
  });

  it("is followed by a wait that differs from device to device", () => {
    const waits = [1, 2, 3, 4, 5].map((seed) => {
      const rig = rigWith([{ answer: 302 }], { seed });
      return rig.drain().nextTryMs;
    });
    expect(new Set(waits).size).toBe(5);
  });

  it("in mid-body proves that nothing was accepted: smaller batches follow", () => {
    const rig = createUploadRig();
    rig.fill(1, 1000);
    rig.server.behave = (n) => (n === 0 ? { fail: "reset", afterChars: 5000 } : OK);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(pointsOf(bodies(rig)[1])).toHaveLength(500);
    expect(rig.counters(1).delivered).toBe(1000);
  });

  it("thrown from a write in mid-body is caught", () => {
    const rig = rigWith([{ fail: "throw-late", afterChars: 2000 }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.counters(1).delivered).toBe(300);
  });

  it("of a replay in mid-body leaves its fate as open as before", () => {
    const rig = rigWith([{ fail: "close" }, { fail: "reset", afterChars: 2000 }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(rig)[2]).toBe(bodies(rig)[0]);
  });

  it("to answer is timed out: the socket is closed, and a late answer is ignored", () => {
    const rig = rigWith([{ fail: "silence" }]);
    rig.unit.drain.run(() => {});
    rig.timers.advance(LIMITS.answerTimeoutMs - 2000);
    expect(rig.server.requests[0].aborted).toBe(false);
    rig.timers.advance(3000);
    const [first] = rig.server.requests;
    expect(first.aborted).toBe(true);
    first.handlers.response(200, {});
    first.handlers.data("OK");
    first.handlers.close();
    first.handlers.error(-15, "late");
    first.handlers.drain();
    expect(rig.counters(1).delivered).toBe(0);
    rig.timers.advance(60_000);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
    expect(rig.counters(1).delivered).toBe(300);
  });

  it("to take the body is timed out", () => {
    const rig = rigWith([{ fail: "stall", afterChars: 2000 }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.server.requests[0].aborted).toBe(true);
  });

  it.each(["close", "error"] as const)("instead of an answer (%s) leaves the fate open", (fail) => {
    const rig = rigWith([{ fail }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
  });

  it("of the network in mid-request ends the request at once", () => {
    const rig = rigWith([{ fail: "silence" }]);
    rig.unit.drain.run(() => {});
    rig.timers.advance(1000);
    rig.unit.drain.linkLost();
    expect(rig.server.requests[0].aborted).toBe(true);
    rig.timers.advance(20_000);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
    rig.unit.drain.linkLost();
  });

  it("of one datastream's batch lets the others go on", () => {
    const rig = createUploadRig();
    rig.fill(1, 1000);
    rig.fill(2, 400);
    rig.fill(3, 300);
    rig.server.behave = (_n, r) => (pinOf(r) === "v1" ? { answer: 500 } : OK);
    rig.drain();
    rig.drain();
    expect(rig.counters(2).delivered).toBe(400);
    expect(rig.counters(3).delivered).toBe(300);
    expect(rig.counters(1).delivered).toBe(0);
  });
});
