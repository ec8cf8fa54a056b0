import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../firmware/limits.ts";
import { VERDICT } from "../../../firmware/verdict.ts";
import { type Behaviour, OK, refusal } from "../../support/fake-server.ts";
import {
  createUploadRig,
  DAY_MS,
  MINUTE_MS,
  type RigOptions,
  TOKEN,
  type UploadRig,
} from "../../support/upload-rig.ts";

/** A rig with 300 samples of v1, whose server behaves as listed, request by request, and then well. */
function rigWith(behaviours: Behaviour[], options: RigOptions = {}): UploadRig {
  const rig = createUploadRig(options);
  rig.fill(1, 300);
  rig.server.behave = (number) => behaviours[number] ?? OK;
  return rig;
}

const bodies = (rig: UploadRig): string[] => rig.server.requests.map((request) => request.body);
const pointsOf = (body: string): [number, number][] => JSON.parse(body);
const pinOf = (request: { options: { path: string } }): string => request.options.path.split("pin=")[1];

describe("a request", () => {
  it("goes to the documented path with the documented headers, and is as long as it says", () => {
    const rig = rigWith([]);
    expect(rig.drain()).toEqual({ verdict: VERDICT.allSent, nextTryMs: Infinity });
    const [request] = rig.server.requests;
    expect(request.options).toEqual({
      protocol: "https:",
      host: "blynk.example",
      port: 443,
      path: `/external/api/batch/update?token=${TOKEN}&pin=v1`,
      method: "POST",
      headers: { "Content-Type": "application/json", "Content-Length": request.body.length },
    });
    expect(pointsOf(request.body)).toHaveLength(300);
    expect(rig.counters(1).delivered).toBe(300);
  });

  it("takes another host, port and scheme from the settings", () => {
    const rig = rigWith([], { server: "http://10.0.0.7:8080" });
    rig.drain();
    expect(rig.server.requests[0].options).toMatchObject({ protocol: "http:", host: "10.0.0.7", port: 8080 });
  });

  it("is streamed piece by piece and never held whole", () => {
    const rig = createUploadRig();
    rig.fill(1, 9000);
    rig.drain();
    for (const request of rig.server.requests) expect(request.pieceCharsMax).toBeLessThan(1300);
    expect(rig.counters(1).delivered).toBe(9000);
  });

  it("is charged before anything that could be accepted leaves, and not when nobody could be reached", () => {
    const rig = rigWith([{ fail: "throw-write" }]);
    rig.unit.drain.run(() => {});
    expect(rig.unit.ledger.charges()).toEqual([]);
    rig.timers.advance(20_000);
    expect(rig.unit.ledger.charges()).toHaveLength(1);
    const other = createUploadRig();
    other.fill(1, 10);
    other.unit.drain.run(() => {});
    other.timers.advance(0);
    expect(other.server.requests[0].body).toBe("[");
    expect(other.unit.ledger.charges()).toMatchObject([{ points: 10, requests: 1, open: true }]);
  });
});

describe("the order", () => {
  it("is oldest first over all datastreams, in batches that grow while they pass", () => {
    const rig = createUploadRig();
    rig.fill(1, 6000);
    rig.fill(2, 2000);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.server.requests.map((r) => [pinOf(r), pointsOf(r.body).length])).toEqual([
      ["v1", 1000],
      ["v1", 2000],
      ["v1", 3000],
      ["v2", 2000],
    ]);
  });

  it("starts a sync with a moderate batch again", () => {
    const rig = createUploadRig({ pointsPerDayMax: 60_000 });
    rig.fill(1, 15_000);
    rig.drain();
    const before = rig.server.requests.length;
    rig.fill(2, 5000);
    rig.drain();
    expect(pointsOf(bodies(rig)[before])).toHaveLength(1000);
  });

  it("lets no batch exceed the body size of the plan", () => {
    const rig = createUploadRig({ bodyBytesMax: 3000 });
    rig.fill(1, 500);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    for (const body of bodies(rig)) expect(body.length).toBeLessThanOrEqual(3000);
  });

  it("leaves the newest samples, which might lie in the server's future, for the next sync", () => {
    const rig = createUploadRig();
    rig.now.boundMs = 90_000;
    rig.fill(1, 100, MINUTE_MS, 0);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.counters(1).delivered).toBe(98);
  });

  it("drains pins that the device file no longer names, and pages of other decimals", () => {
    const rig = createUploadRig();
    rig.ring.decimalsOf[200] = 3;
    rig.fill(200, 50);
    rig.drain();
    expect(rig.server.requests[0].body).toMatch(/,0\.2\]/);
    expect(rig.counters(200).delivered).toBe(50);
  });

  it("lets go of expired samples without sending them, and counts them", () => {
    const rig = createUploadRig({ nowRawMs: 60 * DAY_MS });
    rig.fill(1, 300, DAY_MS / 5);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    const counters = rig.counters(1);
    expect(counters.expired + counters.delivered).toBe(300);
    const oldestMs = pointsOf(bodies(rig)[0])[0][0];
    const now = rig.unit.map.now();
    expect(now).toBeDefined();
    expect((now?.trueMs ?? 0) - oldestMs).toBeLessThanOrEqual(LIMITS.ageMaxMs - LIMITS.ageMarginMs);
    expect((now?.trueMs ?? 0) - oldestMs).toBeGreaterThan(LIMITS.ageMaxMs - LIMITS.ageMarginMs - DAY_MS / 4);
  });

  it("lets go of samples that can never be dated, keeps those that may be, and lets neither block", () => {
    const rig = createUploadRig();
    const nowMs = rig.timers.nowMs();
    for (let i = 0; i < 100; i++) rig.ring.add(1, i < 60 ? 8 : 1, nowMs - 900_000 + i * 1000, i);
    for (let i = 0; i < 50; i++) rig.ring.add(2, 9, nowMs - 900_000 + i * 1000, i);
    rig.datings[8] = () => ({ state: "never" });
    rig.datings[9] = () => ({ state: "held" });
    rig.fill(3, 20);
    rig.drain();
    expect(rig.counters(1)).toMatchObject({ undatable: 60, delivered: 40 });
    expect(rig.counters(2)).toMatchObject({ undatable: 0, delivered: 0 });
    expect(rig.counters(3).delivered).toBe(20);
    expect(rig.unit.planner.holds()).toBe(true);
    // Even when today's allowance is spent.
    const spent = createUploadRig({ pointsPerDayMax: 100 });
    spent.fill(2, 100);
    spent.drain();
    for (let i = 0; i < 300; i++) spent.ring.add(1, 8, nowMs - 9000 + i, i);
    spent.datings[8] = () => ({ state: "never" });
    spent.drain();
    expect(spent.counters(1).undatable).toBe(300);
  });

  it("settles a run of readings that can't be represented without a request", () => {
    const rig = createUploadRig();
    for (let i = 0; i < 70; i++) rig.ring.add(1, 1, rig.timers.nowMs() - 90_000 + i * 1000, Number.NaN);
    rig.drain();
    expect(rig.server.requests).toHaveLength(0);
    expect(rig.counters(1).unrepresentable).toBe(70);
  });

  it("counts what flash lost, in a run and alone", () => {
    const rig = createUploadRig();
    rig.fill(1, 100);
    for (const i of [3, 4, 50, 99]) rig.ring.samples[1][i].corrupt = true;
    rig.drain();
    expect(rig.counters(1)).toMatchObject({ delivered: 96, corrupt: 4 });
    rig.fill(2, 10);
    for (const sample of rig.ring.samples[2]) sample.corrupt = true;
    rig.drain();
    expect(rig.counters(2)).toMatchObject({ delivered: 0, corrupt: 10 });
  });
});

describe("an answer", () => {
  it("of 200 with nothing in it is Blynk's OK too", () => {
    const rig = rigWith([{ answer: 200 }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.server.requests).toHaveLength(1);
  });

  it("of 200 is taken when the server leaves the connection open", () => {
    const rig = createUploadRig();
    rig.fill(1, 5);
    rig.server.behave = () => ({ fail: "silence" });
    rig.unit.drain.run(() => {});
    rig.timers.advance(1000);
    const { handlers } = rig.server.requests[0];
    handlers.response(200, { "content-length": "2" });
    handlers.data("O");
    expect(rig.counters(1).delivered).toBe(0);
    handlers.data("K");
    rig.timers.advance(1);
    expect(rig.counters(1).delivered).toBe(5);
  });

  it("of 200 with a page in it is a captive portal: nothing counts as sent", () => {
    const page = `<html>${"Please log in ".repeat(100)}</html>`;
    const rig = rigWith([{ answer: 200, body: page }]);
    const { verdict, nextTryMs } = rig.drain();
    expect(verdict).toBe(VERDICT.serverNotReached);
    expect(nextTryMs).toBeLessThanOrEqual(LIMITS.backoffFirstMs);
    expect(rig.counters(1).delivered).toBe(0);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    // A proxy may have passed it on first: the same bytes again. What is new goes in small batches.
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
    rig.server.behave = () => ({ answer: 200, body: page });
    rig.fill(2, 500);
    rig.drain();
    expect(pointsOf(bodies(rig)[2]).length).toBeLessThanOrEqual(2 * LIMITS.batchPointsMin);
  });

  it.each([301, 302, 307, 204, 206])("of %i is not Blynk's: nothing counts as sent", (status) => {
    const rig = rigWith([{ answer: status, headers: { Location: "http://portal/" } }]);
    expect(rig.drain().verdict).toBe(VERDICT.serverNotReached);
    expect(rig.counters(1).delivered).toBe(0);
  });

  it.each([
    ["Invalid token.", 400],
    ["Unknown content type.", 400],
    ["", 401],
    ["", 403],
    ["", 404],
    ["", 405],
  ])("of %s (%i) stops the sync and keeps everything", (message, status) => {
    const rig = rigWith([{ ...refusal(message), answer: status }]);
    rig.fill(2, 100);
    expect(rig.drain()).toEqual({ verdict: VERDICT.serverSaysNo, nextTryMs: Infinity });
    expect(rig.server.requests).toHaveLength(1);
    expect(rig.unit.ledger.attempt(1)).toBeUndefined();
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.counters(1).delivered + rig.counters(2).delivered).toBe(400);
  });

  it("of `Wrong pin format.` stops that datastream alone, and costs one point a sync from then on", () => {
    const rig = createUploadRig();
    rig.fill(1, 300);
    rig.fill(2, 200);
    rig.server.behave = (_n, r) => (pinOf(r) === "v1" ? refusal("Wrong pin format.") : OK);
    expect(rig.drain().verdict).toBe(VERDICT.pinOrPointsRefused);
    expect(rig.counters(1).delivered).toBe(0);
    expect(rig.counters(2).delivered).toBe(200);
    rig.drain();
    expect(pointsOf(bodies(rig)[2])).toHaveLength(1);
    rig.server.behave = () => OK;
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.counters(1)).toMatchObject({ delivered: 300, refused: 0 });
  });

  it("of `Too much data` lowers the size until it passes, at once", () => {
    const rig = createUploadRig();
    rig.fill(1, 3000);
    rig.server.behave = (_n, r) =>
      r.body.length > 2 && pointsOf(r.body).length > 400
        ? refusal("Too much data in batch. Maximum batch size is 10000 points.")
        : OK;
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.counters(1).delivered).toBe(3000);
    expect(
      bodies(rig)
        .map((b) => pointsOf(b).length)
        .slice(0, 3),
    ).toEqual([1000, 500, 250]);
  });

  it("of 413 lowers the size like `Too much data`", () => {
    const rig = rigWith([{ answer: 413 }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(rig).map((b) => pointsOf(b).length)).toEqual([300, 150, 150]);
  });

  it.each([408, 429, 500, 502, 503, 504])("of %i leaves the fate open: the same bytes again", (status) => {
    const rig = rigWith([{ answer: status, body: "busy" }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
    expect(rig.counters(1).delivered).toBe(300);
  });

  it.each([
    ["120", 120_000],
    ["999999999", LIMITS.retryAfterMaxMs],
  ])("with `Retry-After: %s` is left alone for as long, unless the button is pressed", (text, waitMs) => {
    const rig = rigWith([{ answer: 503, headers: { "retry-after": text } }]);
    const first = rig.drain();
    expect(first.verdict).toBe(VERDICT.serverNotReached);
    expect(first.nextTryMs).toBe(waitMs);
    rig.timers.advance(60_000);
    expect(rig.drain().verdict).toBe(VERDICT.serverNotReached);
    expect(rig.server.requests).toHaveLength(1);
    rig.unit.drain.forgive();
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
  });

  it("with `Retry-After` as a date waits until then", () => {
    const rig = rigWith([]);
    const untilMs = Math.ceil((rig.unit.map.now()?.trueMs ?? 0) / 1000) * 1000 + 600_000;
    rig.server.behave = (n) =>
      n === 0 ? { answer: 429, headers: { "Retry-After": new Date(untilMs).toUTCString() } } : OK;
    const { nextTryMs } = rig.drain();
    expect(nextTryMs).toBeGreaterThan(590_000);
    expect(nextTryMs).toBeLessThanOrEqual(601_000);
  });

  it("that is not HTTP leaves the fate open", () => {
    const rig = rigWith([{ answer: Number.NaN, body: "\r\n" }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
  });

  it("of `100 Continue` first is followed to the real one", () => {
    const inner = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
    const rig = rigWith([{ answer: 100, headers: { "Content-Length": "" }, body: inner }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.server.requests).toHaveLength(1);
    const refused = rigWith([
      {
        answer: 100,
        headers: { "Content-Length": "" },
        body: 'HTTP/1.1 400 Bad\r\n\r\n{"error":{"message":"Invalid token."}}',
      },
    ]);
    expect(refused.drain().verdict).toBe(VERDICT.serverSaysNo);
    const alone = rigWith([{ answer: 100, headers: { "Content-Length": "" } }]);
    alone.drain();
    expect(bodies(alone)[1]).toBe(bodies(alone)[0]);
  });

  it("that is cut short leaves the fate open", () => {
    const rig = rigWith([{ answer: 200, headers: { "Content-Length": "100" }, body: "OK" }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
    expect(rig.server.requests).toHaveLength(2);
  });

  it("that comes before the body was sent isn't Blynk's OK", () => {
    const rig = createUploadRig();
    rig.fill(1, 900);
    rig.server.behave = (n) => (n === 0 ? { fail: "stall", afterChars: 3000 } : OK);
    rig.unit.drain.run(() => {});
    rig.timers.advance(1000);
    const [request] = rig.server.requests;
    request.handlers.response(200, { "Content-Length": "2" });
    request.handlers.data("OK");
    rig.timers.advance(1);
    expect(rig.counters(1).delivered).toBe(0);
  });

  it("of an unfamiliar 4xx narrows down to the bad points, which alone are refused", () => {
    const rig = rigWith([]);
    const bad = new Set([0, 77, 78, 210].map((i) => pointTime(rig, i)));
    rig.server.behave = (_n, r) =>
      r.ended && pointsOf(r.body).some(([ts]) => bad.has(ts)) ? { answer: 422, body: "value out of range" } : OK;
    expect(rig.drain().verdict).toBe(VERDICT.pinOrPointsRefused);
    expect(rig.counters(1)).toMatchObject({ delivered: 296, refused: 4 });
    expect(rig.server.requests.length).toBeLessThan(60);
    expect(totalPoints(rig)).toBeLessThan(2000);
  });

  it("of an unfamiliar 4xx to everything loses nothing, within few requests and points", () => {
    const rig = createUploadRig();
    rig.fill(1, 5000);
    rig.fill(2, 5000);
    rig.server.behave = () => ({ answer: 418 });
    expect(rig.drain().verdict).toBe(VERDICT.pinOrPointsRefused);
    expect(rig.server.requests.length).toBeLessThanOrEqual(60);
    expect(totalPoints(rig)).toBeLessThanOrEqual(2 * 1200);
    const before = totalPoints(rig);
    for (let i = 0; i < 5; i++) rig.drain();
    expect(totalPoints(rig) - before).toBeLessThanOrEqual(5 * 2 * 20);
    expect(rig.counters(1)).toMatchObject({ delivered: 0, refused: 0 });
    rig.timers.advance(2 * DAY_MS);
    rig.server.behave = () => OK;
    rig.drain();
    expect(rig.counters(1)).toMatchObject({ delivered: 5000, refused: 0 });
    expect(rig.counters(2)).toMatchObject({ delivered: 5000, refused: 0 });
  });

  it("of an unfamiliar 4xx to one datastream doesn't block the others", () => {
    const rig = createUploadRig();
    rig.fill(1, 3000);
    rig.fill(2, 500);
    rig.server.behave = (_n, r) => (pinOf(r) === "v1" ? { answer: 422 } : OK);
    rig.drain();
    expect(rig.counters(2).delivered).toBe(500);
    expect(rig.counters(1).refused).toBe(0);
  });

  it("that refuses a single bad point at the very end waits for a later one to prove it", () => {
    const rig = rigWith([]);
    const bad = pointTime(rig, 299);
    rig.server.behave = (_n, r) => (r.ended && pointsOf(r.body).some(([ts]) => ts === bad) ? { answer: 422 } : OK);
    rig.drain();
    expect(rig.counters(1)).toMatchObject({ delivered: 299, refused: 0 });
    rig.timers.advance(5 * MINUTE_MS);
    rig.ring.add(1, 1, rig.timers.nowMs() - 10_000, 5);
    rig.drain();
    expect(rig.counters(1)).toMatchObject({ delivered: 300, refused: 1 });
  });
});

describe("a failure", () => {
  it.each(["throw-request", "throw-write"] as const)("thrown at once (%s) is caught and costs no allowance", (fail) => {
    const rig = rigWith([{ fail }]);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.unit.ledger.charges()).toMatchObject([{ points: 300, requests: 1 }]);
  });

  it("that lasts ends the sync after a few tries, to go on after a backoff", () => {
    const rig = createUploadRig();
    rig.fill(1, 300);
    rig.server.behave = () => ({ fail: "throw-write" });
    const waits = [rig.drain().nextTryMs];
    for (let i = 0; i < 12; i++) waits.push(rig.drain().nextTryMs);
    expect(rig.server.requests.length).toBeLessThanOrEqual(13 * LIMITS.failuresPerDeliveryMax);
    expect(Math.max(...waits)).toBeLessThanOrEqual(LIMITS.backoffMaxMs);
    expect(Math.max(...waits.slice(-4))).toBeGreaterThan(60_000);
    rig.unit.drain.forgive();
    rig.unit.drain.run(() => {});
    const before = rig.server.requests.length;
    rig.timers.advance(3 * LIMITS.backoffFirstMs);
    expect(rig.server.requests.length).toBeGreaterThan(before);
  });

  it("waits for a time that differs from device to device", () => {
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

  it("to answer is timed out, its socket closed, and what comes later ignored", () => {
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

  it("of the network in mid-request gives it up at once", () => {
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

describe("a replay", () => {
  it("is byte for byte the same after a power cut between sending and answer", () => {
    const rig = rigWith([{ fail: "silence" }, { fail: "silence" }]);
    for (let cut = 0; cut < 2; cut++) {
      rig.unit.drain.run(() => {});
      rig.timers.advance(500);
      rig.reboot();
    }
    rig.timers.advance(10 * MINUTE_MS);
    rig.ring.add(1, 1, rig.timers.nowMs() - 20_000, 5);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
    expect(bodies(rig)[2]).toBe(bodies(rig)[0]);
    expect(rig.counters(1).delivered).toBe(301);
  });

  it("is the same although the map has improved and the samples were thinned", () => {
    const rig = createUploadRig({ overload: "thin", pointsPerDayMax: 500, intervalsMs: [MINUTE_MS] });
    rig.fill(1, 3000);
    rig.datings[1] = (_raw, newest) => {
      const version = Math.min(newest, 100);
      return {
        state: "dated",
        segment: {
          fromRawMs: 0,
          toRawMs: Infinity,
          trueMs: 1.79e12 + version * 3,
          rate: 1 + version * 1e-9,
          boundMs: () => 10,
        },
      };
    };
    rig.server.behave = (n) => (n === 0 ? { fail: "silence" } : OK);
    rig.unit.drain.run(() => {});
    rig.timers.advance(1000);
    expect(pointsOf(bodies(rig)[0]).length).toBeGreaterThan(100);
    rig.reboot();
    rig.unit.ledger.addFix(rig.unit.ledger.session(), rig.timers.nowMs(), 1.79e12 + rig.timers.nowMs(), 5);
    rig.timers.advance(DAY_MS + 700_000);
    rig.drain();
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
    const { delivered, thinned } = rig.counters(1);
    expect(delivered).toBe(pointsOf(bodies(rig)[1]).length);
    expect(thinned).toBeGreaterThan(delivered);
  });

  it("ends when its first point has expired, and the rest is planned anew", () => {
    const rig = createUploadRig({ nowRawMs: 60 * DAY_MS });
    rig.fill(1, 400, 2 * 3_600_000, 10_000);
    rig.timers.advance(0);
    rig.server.behave = (n) => (n === 0 ? { fail: "silence" } : OK);
    rig.unit.drain.run(() => {});
    rig.timers.advance(1000);
    rig.reboot();
    rig.timers.advance(3 * DAY_MS);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    const [first, second] = bodies(rig);
    expect(pointsOf(second)[0][0]).toBeGreaterThan(pointsOf(first)[0][0]);
    expect(rig.counters(1).delivered + rig.counters(1).expired).toBe(400);
    expect(rig.counters(1).expired).toBeGreaterThan(60);
  });

  it("that can't be the same any more, for flash decayed, is given up for a new batch", () => {
    const rig = rigWith([{ fail: "close" }]);
    rig.unit.drain.run(() => {});
    rig.timers.advance(300);
    rig.ring.samples[1][40].corrupt = true;
    rig.timers.advance(60_000);
    expect(rig.counters(1)).toMatchObject({ delivered: 299, corrupt: 1 });
    expect(rig.lines.join("\n")).toContain("can't be repeated");
  });

  it("that is refused rests for growing times, and is given up for other bytes after more than a day", () => {
    const rig = rigWith([{ fail: "close" }]);
    rig.fill(2, 10);
    const startMs = rig.timers.nowMs();
    let refusing = true;
    rig.server.behave = (n, r) => (n === 0 ? { fail: "close" } : refusing && pinOf(r) === "v1" ? { answer: 422 } : OK);
    expect(rig.drain().verdict).toBe(VERDICT.pinOrPointsRefused);
    expect(rig.counters(2).delivered).toBe(10);
    const ofPin = () => rig.server.requests.filter((r) => pinOf(r) === "v1").map((r) => r.body);
    while (new Set(ofPin()).size === 1) {
      rig.timers.advance(1_800_000);
      const { verdict } = rig.drain();
      expect(verdict).toBe(VERDICT.pinOrPointsRefused);
    }
    expect(ofPin().findIndex((body) => body !== ofPin()[0])).toBe(7);
    expect(rig.timers.nowMs() - startMs).toBeGreaterThan(DAY_MS);
    refusing = false;
    rig.drain();
    expect(rig.counters(1).delivered).toBe(300);
  });

  it("that rests is tried at once when the button is pressed", () => {
    const rig = rigWith([{ fail: "close" }, { answer: 422 }]);
    rig.drain();
    rig.drain();
    expect(rig.server.requests).toHaveLength(2);
    rig.unit.drain.forgive();
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(new Set(bodies(rig)).size).toBe(1);
  });
});

describe("a page that decays while it is sent", () => {
  it("ends the request instead of being padded, and is counted", () => {
    const rig = createUploadRig();
    rig.fill(1, 900);
    rig.unit.drain.run(() => {});
    rig.timers.advance(3);
    expect(rig.server.requests).toHaveLength(1);
    rig.ring.samples[1][800].corrupt = true;
    rig.timers.advance(60_000);
    const [first, second] = rig.server.requests;
    expect(first.aborted).toBe(true);
    expect(first.body.length).toBeLessThan(Number(first.options.headers["Content-Length"]));
    expect(second.body.length).toBe(second.options.headers["Content-Length"]);
    expect(rig.counters(1)).toMatchObject({ delivered: 899, corrupt: 1 });
  });
});

describe("a setting", () => {
  it("of https without TLS in the build is a clear fault and no request", () => {
    const rig = rigWith([]);
    rig.server.tls = false;
    expect(rig.drain()).toEqual({ verdict: VERDICT.serverNotReached, nextTryMs: Infinity });
    expect(rig.unit.drain.fault()).toMatch(/no TLS/);
    expect(rig.server.requests).toHaveLength(0);
  });

  it("of a server whose handshake fails is a fault that says what Espruino's TLS can do", () => {
    const rig = createUploadRig();
    rig.fill(1, 5);
    rig.server.behave = () => ({ fail: "throw-write" });
    rig.drain();
    expect(rig.unit.drain.fault()).toMatch(/TLS is 1\.2 with RSA/);
    rig.server.behave = () => OK;
    rig.drain();
    expect(rig.unit.drain.fault()).toBe("");
  });

  it("that is missing is a fault and no request", () => {
    expect(rigWith([], { server: "" }).drain().verdict).toBe(VERDICT.serverNotReached);
    expect(rigWith([], { token: "" }).drain().verdict).toBe(VERDICT.serverSaysNo);
  });

  it("like the token is in no log line, even when an error quotes it", () => {
    const rig = rigWith([
      { fail: "throw-write" },
      { fail: "throw-request" },
      { answer: 500, body: `token=${TOKEN}` },
      { ...refusal(`Invalid token. ${TOKEN}`) },
    ]);
    rig.drain();
    rig.drain();
    expect(rig.lines.join("\n")).toContain("for /external");
    expect(rig.lines.join("\n")).not.toContain(TOKEN);
    expect(rig.unit.drain.fault()).not.toContain(TOKEN);
  });
});

function pointTime(rig: UploadRig, index: number): number {
  return 1_790_000_000_000 + rig.ring.samples[1][index].rawMs;
}

function totalPoints(rig: UploadRig): number {
  return rig.server.requests.reduce((sum, request) => sum + (request.ended ? pointsOf(request.body).length : 0), 0);
}
