import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../firmware/limits.ts";
import { VERDICT } from "../../../firmware/verdict.ts";
import { type Bench, type BenchOptions, createBench, DAY_MS, MINUTE_MS, TOKEN } from "../../support/delivery-rig.ts";
import { type Behaviour, OK, refusal } from "../../support/fake-server.ts";

/** A bench with 300 samples of v1, whose server behaves as listed, request by request, and then well. */
function benchWith(behaviours: Behaviour[], options: BenchOptions = {}): Bench {
  const bench = createBench(options);
  bench.fill(1, 300);
  bench.server.behave = (number) => behaviours[number] ?? OK;
  return bench;
}

const bodies = (bench: Bench): string[] => bench.server.requests.map((request) => request.body);
const pointsOf = (body: string): [number, number][] => JSON.parse(body);
const pinOf = (request: { options: { path: string } }): string => request.options.path.split("pin=")[1];

describe("a request", () => {
  it("goes to the documented path with the documented headers, and is as long as it says", () => {
    const bench = benchWith([]);
    expect(bench.drain()).toEqual({ verdict: VERDICT.allSent, nextTryMs: Infinity });
    const [request] = bench.server.requests;
    expect(request.options).toEqual({
      protocol: "https:",
      host: "blynk.example",
      port: 443,
      path: `/external/api/batch/update?token=${TOKEN}&pin=v1`,
      method: "POST",
      headers: { "Content-Type": "application/json", "Content-Length": request.body.length },
    });
    expect(pointsOf(request.body)).toHaveLength(300);
    expect(bench.counters(1).delivered).toBe(300);
  });

  it("takes another host, port and scheme from the settings", () => {
    const bench = benchWith([], { server: "http://10.0.0.7:8080" });
    bench.drain();
    expect(bench.server.requests[0].options).toMatchObject({ protocol: "http:", host: "10.0.0.7", port: 8080 });
  });

  it("is streamed piece by piece and never held whole", () => {
    const bench = createBench();
    bench.fill(1, 9000);
    bench.drain();
    for (const request of bench.server.requests) expect(request.pieceCharsMax).toBeLessThan(1300);
    expect(bench.counters(1).delivered).toBe(9000);
  });

  it("is charged before anything that could be accepted leaves, and not when nobody could be reached", () => {
    const bench = benchWith([{ fail: "throw-write" }]);
    bench.unit.drain.drain(() => {});
    expect(bench.unit.ledger.charges()).toEqual([]);
    bench.timers.advance(20_000);
    expect(bench.unit.ledger.charges()).toHaveLength(1);
    const other = createBench();
    other.fill(1, 10);
    other.unit.drain.drain(() => {});
    other.timers.advance(0);
    expect(other.server.requests[0].body).toBe("[");
    expect(other.unit.ledger.charges()).toMatchObject([{ points: 10, requests: 1, open: true }]);
  });
});

describe("the order", () => {
  it("is oldest first over all datastreams, in batches that grow while they pass", () => {
    const bench = createBench();
    bench.fill(1, 6000);
    bench.fill(2, 2000);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bench.server.requests.map((r) => [pinOf(r), pointsOf(r.body).length])).toEqual([
      ["v1", 1000],
      ["v1", 2000],
      ["v1", 3000],
      ["v2", 2000],
    ]);
  });

  it("starts a sync with a moderate batch again", () => {
    const bench = createBench({ pointsPerDayMax: 60_000 });
    bench.fill(1, 15_000);
    bench.drain();
    const before = bench.server.requests.length;
    bench.fill(2, 5000);
    bench.drain();
    expect(pointsOf(bodies(bench)[before])).toHaveLength(1000);
  });

  it("lets no batch exceed the body size of the plan", () => {
    const bench = createBench({ bodyBytesMax: 3000 });
    bench.fill(1, 500);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    for (const body of bodies(bench)) expect(body.length).toBeLessThanOrEqual(3000);
  });

  it("leaves the newest samples, which might lie in the server's future, for the next sync", () => {
    const bench = createBench();
    bench.now.boundMs = 90_000;
    bench.fill(1, 100, MINUTE_MS, 0);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bench.counters(1).delivered).toBe(98);
  });

  it("drains pins that the device file no longer names, and pages of other decimals", () => {
    const bench = createBench();
    bench.ring.decimalsOf[200] = 3;
    bench.fill(200, 50);
    bench.drain();
    expect(bench.server.requests[0].body).toMatch(/,0\.2\]/);
    expect(bench.counters(200).delivered).toBe(50);
  });

  it("lets go of expired samples without sending them, and counts them", () => {
    const bench = createBench({ nowRawMs: 60 * DAY_MS });
    bench.fill(1, 300, DAY_MS / 5);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    const counters = bench.counters(1);
    expect(counters.expired + counters.delivered).toBe(300);
    const oldestMs = pointsOf(bodies(bench)[0])[0][0];
    const now = bench.unit.map.now();
    expect(now).toBeDefined();
    expect((now?.trueMs ?? 0) - oldestMs).toBeLessThanOrEqual(LIMITS.ageMaxMs - LIMITS.ageMarginMs);
    expect((now?.trueMs ?? 0) - oldestMs).toBeGreaterThan(LIMITS.ageMaxMs - LIMITS.ageMarginMs - DAY_MS / 4);
  });

  it("lets go of samples that can never be dated, keeps those that may be, and lets neither block", () => {
    const bench = createBench();
    const nowMs = bench.timers.nowMs();
    for (let i = 0; i < 100; i++) bench.ring.add(1, i < 60 ? 8 : 1, nowMs - 900_000 + i * 1000, i);
    for (let i = 0; i < 50; i++) bench.ring.add(2, 9, nowMs - 900_000 + i * 1000, i);
    bench.datings[8] = () => ({ state: "never" });
    bench.datings[9] = () => ({ state: "held" });
    bench.fill(3, 20);
    bench.drain();
    expect(bench.counters(1)).toMatchObject({ undatable: 60, delivered: 40 });
    expect(bench.counters(2)).toMatchObject({ undatable: 0, delivered: 0 });
    expect(bench.counters(3).delivered).toBe(20);
    expect(bench.unit.planner.holds()).toBe(true);
    // Even when today's allowance is spent.
    const spent = createBench({ pointsPerDayMax: 100 });
    spent.fill(2, 100);
    spent.drain();
    for (let i = 0; i < 300; i++) spent.ring.add(1, 8, nowMs - 9000 + i, i);
    spent.datings[8] = () => ({ state: "never" });
    spent.drain();
    expect(spent.counters(1).undatable).toBe(300);
  });

  it("settles a run of readings that can't be represented without a request", () => {
    const bench = createBench();
    for (let i = 0; i < 70; i++) bench.ring.add(1, 1, bench.timers.nowMs() - 90_000 + i * 1000, Number.NaN);
    bench.drain();
    expect(bench.server.requests).toHaveLength(0);
    expect(bench.counters(1).unrepresentable).toBe(70);
  });

  it("counts what flash lost, in a run and alone", () => {
    const bench = createBench();
    bench.fill(1, 100);
    for (const i of [3, 4, 50, 99]) bench.ring.samples[1][i].corrupt = true;
    bench.drain();
    expect(bench.counters(1)).toMatchObject({ delivered: 96, corrupt: 4 });
    bench.fill(2, 10);
    for (const sample of bench.ring.samples[2]) sample.corrupt = true;
    bench.drain();
    expect(bench.counters(2)).toMatchObject({ delivered: 0, corrupt: 10 });
  });
});

describe("an answer", () => {
  it("of 200 with nothing in it is Blynk's OK too", () => {
    const bench = benchWith([{ answer: 200 }]);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bench.server.requests).toHaveLength(1);
  });

  it("of 200 is taken when the server leaves the connection open", () => {
    const bench = createBench();
    bench.fill(1, 5);
    bench.server.behave = () => ({ fail: "silence" });
    bench.unit.drain.drain(() => {});
    bench.timers.advance(1000);
    const { handlers } = bench.server.requests[0];
    handlers.response(200, { "content-length": "2" });
    handlers.data("O");
    expect(bench.counters(1).delivered).toBe(0);
    handlers.data("K");
    bench.timers.advance(1);
    expect(bench.counters(1).delivered).toBe(5);
  });

  it("of 200 with a page in it is a captive portal: nothing counts as sent", () => {
    const page = `<html>${"Please log in ".repeat(100)}</html>`;
    const bench = benchWith([{ answer: 200, body: page }]);
    const { verdict, nextTryMs } = bench.drain();
    expect(verdict).toBe(VERDICT.serverNotReached);
    expect(nextTryMs).toBeLessThanOrEqual(LIMITS.backoffFirstMs);
    expect(bench.counters(1).delivered).toBe(0);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    // A proxy may have passed it on first: the same bytes again. What is new goes in small batches.
    expect(bodies(bench)[1]).toBe(bodies(bench)[0]);
    bench.server.behave = () => ({ answer: 200, body: page });
    bench.fill(2, 500);
    bench.drain();
    expect(pointsOf(bodies(bench)[2]).length).toBeLessThanOrEqual(2 * LIMITS.batchPointsMin);
  });

  it.each([301, 302, 307, 204, 206])("of %i is not Blynk's: nothing counts as sent", (status) => {
    const bench = benchWith([{ answer: status, headers: { Location: "http://portal/" } }]);
    expect(bench.drain().verdict).toBe(VERDICT.serverNotReached);
    expect(bench.counters(1).delivered).toBe(0);
  });

  it.each([
    ["Invalid token.", 400],
    ["Unknown content type.", 400],
    ["", 401],
    ["", 403],
    ["", 404],
    ["", 405],
  ])("of %s (%i) stops the sync and keeps everything", (message, status) => {
    const bench = benchWith([{ ...refusal(message), answer: status }]);
    bench.fill(2, 100);
    expect(bench.drain()).toEqual({ verdict: VERDICT.serverSaysNo, nextTryMs: Infinity });
    expect(bench.server.requests).toHaveLength(1);
    expect(bench.unit.ledger.attempt(1)).toBeUndefined();
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bench.counters(1).delivered + bench.counters(2).delivered).toBe(400);
  });

  it("of `Wrong pin format.` stops that datastream alone, and costs one point a sync from then on", () => {
    const bench = createBench();
    bench.fill(1, 300);
    bench.fill(2, 200);
    bench.server.behave = (_n, r) => (pinOf(r) === "v1" ? refusal("Wrong pin format.") : OK);
    expect(bench.drain().verdict).toBe(VERDICT.pinOrPointsRefused);
    expect(bench.counters(1).delivered).toBe(0);
    expect(bench.counters(2).delivered).toBe(200);
    bench.drain();
    expect(pointsOf(bodies(bench)[2])).toHaveLength(1);
    bench.server.behave = () => OK;
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bench.counters(1)).toMatchObject({ delivered: 300, refused: 0 });
  });

  it("of `Too much data` lowers the size until it passes, at once", () => {
    const bench = createBench();
    bench.fill(1, 3000);
    bench.server.behave = (_n, r) =>
      r.body.length > 2 && pointsOf(r.body).length > 400
        ? refusal("Too much data in batch. Maximum batch size is 10000 points.")
        : OK;
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bench.counters(1).delivered).toBe(3000);
    expect(
      bodies(bench)
        .map((b) => pointsOf(b).length)
        .slice(0, 3),
    ).toEqual([1000, 500, 250]);
  });

  it("of 413 lowers the size like `Too much data`", () => {
    const bench = benchWith([{ answer: 413 }]);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(bench).map((b) => pointsOf(b).length)).toEqual([300, 150, 150]);
  });

  it.each([408, 429, 500, 502, 503, 504])("of %i leaves the fate open: the same bytes again", (status) => {
    const bench = benchWith([{ answer: status, body: "busy" }]);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(bench)[1]).toBe(bodies(bench)[0]);
    expect(bench.counters(1).delivered).toBe(300);
  });

  it.each([
    ["120", 120_000],
    ["999999999", LIMITS.retryAfterMaxMs],
  ])("with `Retry-After: %s` is left alone for as long, unless the button is pressed", (text, waitMs) => {
    const bench = benchWith([{ answer: 503, headers: { "retry-after": text } }]);
    const first = bench.drain();
    expect(first.verdict).toBe(VERDICT.serverNotReached);
    expect(first.nextTryMs).toBe(waitMs);
    bench.timers.advance(60_000);
    expect(bench.drain().verdict).toBe(VERDICT.serverNotReached);
    expect(bench.server.requests).toHaveLength(1);
    bench.unit.drain.forgive();
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(bench)[1]).toBe(bodies(bench)[0]);
  });

  it("with `Retry-After` as a date waits until then", () => {
    const bench = benchWith([]);
    const untilMs = Math.ceil((bench.unit.map.now()?.trueMs ?? 0) / 1000) * 1000 + 600_000;
    bench.server.behave = (n) =>
      n === 0 ? { answer: 429, headers: { "Retry-After": new Date(untilMs).toUTCString() } } : OK;
    const { nextTryMs } = bench.drain();
    expect(nextTryMs).toBeGreaterThan(590_000);
    expect(nextTryMs).toBeLessThanOrEqual(601_000);
  });

  it("that is not HTTP leaves the fate open", () => {
    const bench = benchWith([{ answer: Number.NaN, body: "\r\n" }]);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(bench)[1]).toBe(bodies(bench)[0]);
  });

  it("of `100 Continue` first is followed to the real one", () => {
    const inner = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
    const bench = benchWith([{ answer: 100, headers: { "Content-Length": "" }, body: inner }]);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bench.server.requests).toHaveLength(1);
    const refused = benchWith([
      {
        answer: 100,
        headers: { "Content-Length": "" },
        body: 'HTTP/1.1 400 Bad\r\n\r\n{"error":{"message":"Invalid token."}}',
      },
    ]);
    expect(refused.drain().verdict).toBe(VERDICT.serverSaysNo);
    const alone = benchWith([{ answer: 100, headers: { "Content-Length": "" } }]);
    alone.drain();
    expect(bodies(alone)[1]).toBe(bodies(alone)[0]);
  });

  it("that is cut short leaves the fate open", () => {
    const bench = benchWith([{ answer: 200, headers: { "Content-Length": "100" }, body: "OK" }]);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(bench)[1]).toBe(bodies(bench)[0]);
    expect(bench.server.requests).toHaveLength(2);
  });

  it("that comes before the body was sent isn't Blynk's OK", () => {
    const bench = createBench();
    bench.fill(1, 900);
    bench.server.behave = (n) => (n === 0 ? { fail: "stall", afterChars: 3000 } : OK);
    bench.unit.drain.drain(() => {});
    bench.timers.advance(1000);
    const [request] = bench.server.requests;
    request.handlers.response(200, { "Content-Length": "2" });
    request.handlers.data("OK");
    bench.timers.advance(1);
    expect(bench.counters(1).delivered).toBe(0);
  });

  it("of an unfamiliar 4xx narrows down to the bad points, which alone are refused", () => {
    const bench = benchWith([]);
    const bad = new Set([0, 77, 78, 210].map((i) => pointTime(bench, i)));
    bench.server.behave = (_n, r) =>
      r.ended && pointsOf(r.body).some(([ts]) => bad.has(ts)) ? { answer: 422, body: "value out of range" } : OK;
    expect(bench.drain().verdict).toBe(VERDICT.pinOrPointsRefused);
    expect(bench.counters(1)).toMatchObject({ delivered: 296, refused: 4 });
    expect(bench.server.requests.length).toBeLessThan(60);
    expect(totalPoints(bench)).toBeLessThan(2000);
  });

  it("of an unfamiliar 4xx to everything loses nothing, within few requests and points", () => {
    const bench = createBench();
    bench.fill(1, 5000);
    bench.fill(2, 5000);
    bench.server.behave = () => ({ answer: 418 });
    expect(bench.drain().verdict).toBe(VERDICT.pinOrPointsRefused);
    expect(bench.server.requests.length).toBeLessThanOrEqual(60);
    expect(totalPoints(bench)).toBeLessThanOrEqual(2 * 1200);
    const before = totalPoints(bench);
    for (let i = 0; i < 5; i++) bench.drain();
    expect(totalPoints(bench) - before).toBeLessThanOrEqual(5 * 2 * 20);
    expect(bench.counters(1)).toMatchObject({ delivered: 0, refused: 0 });
    bench.timers.advance(2 * DAY_MS);
    bench.server.behave = () => OK;
    bench.drain();
    expect(bench.counters(1)).toMatchObject({ delivered: 5000, refused: 0 });
    expect(bench.counters(2)).toMatchObject({ delivered: 5000, refused: 0 });
  });

  it("of an unfamiliar 4xx to one datastream doesn't block the others", () => {
    const bench = createBench();
    bench.fill(1, 3000);
    bench.fill(2, 500);
    bench.server.behave = (_n, r) => (pinOf(r) === "v1" ? { answer: 422 } : OK);
    bench.drain();
    expect(bench.counters(2).delivered).toBe(500);
    expect(bench.counters(1).refused).toBe(0);
  });

  it("that refuses a single bad point at the very end waits for a later one to prove it", () => {
    const bench = benchWith([]);
    const bad = pointTime(bench, 299);
    bench.server.behave = (_n, r) => (r.ended && pointsOf(r.body).some(([ts]) => ts === bad) ? { answer: 422 } : OK);
    bench.drain();
    expect(bench.counters(1)).toMatchObject({ delivered: 299, refused: 0 });
    bench.timers.advance(5 * MINUTE_MS);
    bench.ring.add(1, 1, bench.timers.nowMs() - 10_000, 5);
    bench.drain();
    expect(bench.counters(1)).toMatchObject({ delivered: 300, refused: 1 });
  });
});

describe("a failure", () => {
  it.each(["throw-request", "throw-write"] as const)("thrown at once (%s) is caught and costs no allowance", (fail) => {
    const bench = benchWith([{ fail }]);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bench.unit.ledger.charges()).toMatchObject([{ points: 300, requests: 1 }]);
  });

  it("that lasts ends the sync after a few tries, to go on after a backoff", () => {
    const bench = createBench();
    bench.fill(1, 300);
    bench.server.behave = () => ({ fail: "throw-write" });
    const waits = [bench.drain().nextTryMs];
    for (let i = 0; i < 12; i++) waits.push(bench.drain().nextTryMs);
    expect(bench.server.requests.length).toBeLessThanOrEqual(13 * LIMITS.failuresPerDeliveryMax);
    expect(Math.max(...waits)).toBeLessThanOrEqual(LIMITS.backoffMaxMs);
    expect(Math.max(...waits.slice(-4))).toBeGreaterThan(60_000);
    bench.unit.drain.forgive();
    bench.unit.drain.drain(() => {});
    const before = bench.server.requests.length;
    bench.timers.advance(3 * LIMITS.backoffFirstMs);
    expect(bench.server.requests.length).toBeGreaterThan(before);
  });

  it("waits for a time that differs from device to device", () => {
    const waits = [1, 2, 3, 4, 5].map((seed) => {
      const bench = benchWith([{ answer: 302 }], { seed });
      return bench.drain().nextTryMs;
    });
    expect(new Set(waits).size).toBe(5);
  });

  it("in mid-body proves that nothing was accepted: smaller batches follow", () => {
    const bench = createBench();
    bench.fill(1, 1000);
    bench.server.behave = (n) => (n === 0 ? { fail: "reset", afterChars: 5000 } : OK);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(pointsOf(bodies(bench)[1])).toHaveLength(500);
    expect(bench.counters(1).delivered).toBe(1000);
  });

  it("thrown from a write in mid-body is caught", () => {
    const bench = benchWith([{ fail: "throw-late", afterChars: 2000 }]);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bench.counters(1).delivered).toBe(300);
  });

  it("of a replay in mid-body leaves its fate as open as before", () => {
    const bench = benchWith([{ fail: "close" }, { fail: "reset", afterChars: 2000 }]);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(bench)[2]).toBe(bodies(bench)[0]);
  });

  it("to answer is timed out, its socket closed, and what comes later ignored", () => {
    const bench = benchWith([{ fail: "silence" }]);
    bench.unit.drain.drain(() => {});
    bench.timers.advance(LIMITS.answerTimeoutMs - 2000);
    expect(bench.server.requests[0].aborted).toBe(false);
    bench.timers.advance(3000);
    const [first] = bench.server.requests;
    expect(first.aborted).toBe(true);
    first.handlers.response(200, {});
    first.handlers.data("OK");
    first.handlers.close();
    first.handlers.error(-15, "late");
    first.handlers.drain();
    expect(bench.counters(1).delivered).toBe(0);
    bench.timers.advance(60_000);
    expect(bodies(bench)[1]).toBe(bodies(bench)[0]);
    expect(bench.counters(1).delivered).toBe(300);
  });

  it("to take the body is timed out", () => {
    const bench = benchWith([{ fail: "stall", afterChars: 2000 }]);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bench.server.requests[0].aborted).toBe(true);
  });

  it.each(["close", "error"] as const)("instead of an answer (%s) leaves the fate open", (fail) => {
    const bench = benchWith([{ fail }]);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(bench)[1]).toBe(bodies(bench)[0]);
  });

  it("of the network in mid-request gives it up at once", () => {
    const bench = benchWith([{ fail: "silence" }]);
    bench.unit.drain.drain(() => {});
    bench.timers.advance(1000);
    bench.unit.drain.linkLost();
    expect(bench.server.requests[0].aborted).toBe(true);
    bench.timers.advance(20_000);
    expect(bodies(bench)[1]).toBe(bodies(bench)[0]);
    bench.unit.drain.linkLost();
  });

  it("of one datastream's batch lets the others go on", () => {
    const bench = createBench();
    bench.fill(1, 1000);
    bench.fill(2, 400);
    bench.fill(3, 300);
    bench.server.behave = (_n, r) => (pinOf(r) === "v1" ? { answer: 500 } : OK);
    bench.drain();
    bench.drain();
    expect(bench.counters(2).delivered).toBe(400);
    expect(bench.counters(3).delivered).toBe(300);
    expect(bench.counters(1).delivered).toBe(0);
  });
});

describe("a replay", () => {
  it("is byte for byte the same after a power cut between sending and answer", () => {
    const bench = benchWith([{ fail: "silence" }, { fail: "silence" }]);
    for (let cut = 0; cut < 2; cut++) {
      bench.unit.drain.drain(() => {});
      bench.timers.advance(500);
      bench.reboot();
    }
    bench.timers.advance(10 * MINUTE_MS);
    bench.ring.add(1, 1, bench.timers.nowMs() - 20_000, 5);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(bench)[1]).toBe(bodies(bench)[0]);
    expect(bodies(bench)[2]).toBe(bodies(bench)[0]);
    expect(bench.counters(1).delivered).toBe(301);
  });

  it("is the same although the map has improved and the samples were thinned", () => {
    const bench = createBench({ overload: "thin", pointsPerDayMax: 500, intervalsMs: [MINUTE_MS] });
    bench.fill(1, 3000);
    bench.datings[1] = (_raw, newest) => {
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
    bench.server.behave = (n) => (n === 0 ? { fail: "silence" } : OK);
    bench.unit.drain.drain(() => {});
    bench.timers.advance(1000);
    expect(pointsOf(bodies(bench)[0]).length).toBeGreaterThan(100);
    bench.reboot();
    bench.unit.ledger.addFix(bench.unit.ledger.session(), bench.timers.nowMs(), 1.79e12 + bench.timers.nowMs(), 5);
    bench.timers.advance(DAY_MS + 700_000);
    bench.drain();
    expect(bodies(bench)[1]).toBe(bodies(bench)[0]);
    const { delivered, thinned } = bench.counters(1);
    expect(delivered).toBe(pointsOf(bodies(bench)[1]).length);
    expect(thinned).toBeGreaterThan(delivered);
  });

  it("ends when its first point has expired, and the rest is planned anew", () => {
    const bench = createBench({ nowRawMs: 60 * DAY_MS });
    bench.fill(1, 400, 2 * 3_600_000, 10_000);
    bench.timers.advance(0);
    bench.server.behave = (n) => (n === 0 ? { fail: "silence" } : OK);
    bench.unit.drain.drain(() => {});
    bench.timers.advance(1000);
    bench.reboot();
    bench.timers.advance(3 * DAY_MS);
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    const [first, second] = bodies(bench);
    expect(pointsOf(second)[0][0]).toBeGreaterThan(pointsOf(first)[0][0]);
    expect(bench.counters(1).delivered + bench.counters(1).expired).toBe(400);
    expect(bench.counters(1).expired).toBeGreaterThan(60);
  });

  it("that can't be the same any more, for flash decayed, is given up for a new batch", () => {
    const bench = benchWith([{ fail: "close" }]);
    bench.unit.drain.drain(() => {});
    bench.timers.advance(300);
    bench.ring.samples[1][40].corrupt = true;
    bench.timers.advance(60_000);
    expect(bench.counters(1)).toMatchObject({ delivered: 299, corrupt: 1 });
    expect(bench.lines.join("\n")).toContain("can't be repeated");
  });

  it("that is refused rests for growing times, and is given up for other bytes after more than a day", () => {
    const bench = benchWith([{ fail: "close" }]);
    bench.fill(2, 10);
    const startMs = bench.timers.nowMs();
    let refusing = true;
    bench.server.behave = (n, r) =>
      n === 0 ? { fail: "close" } : refusing && pinOf(r) === "v1" ? { answer: 422 } : OK;
    expect(bench.drain().verdict).toBe(VERDICT.pinOrPointsRefused);
    expect(bench.counters(2).delivered).toBe(10);
    const ofPin = () => bench.server.requests.filter((r) => pinOf(r) === "v1").map((r) => r.body);
    while (new Set(ofPin()).size === 1) {
      bench.timers.advance(1_800_000);
      const { verdict } = bench.drain();
      expect(verdict).toBe(VERDICT.pinOrPointsRefused);
    }
    expect(ofPin().findIndex((body) => body !== ofPin()[0])).toBe(7);
    expect(bench.timers.nowMs() - startMs).toBeGreaterThan(DAY_MS);
    refusing = false;
    bench.drain();
    expect(bench.counters(1).delivered).toBe(300);
  });

  it("that rests is tried at once when the button is pressed", () => {
    const bench = benchWith([{ fail: "close" }, { answer: 422 }]);
    bench.drain();
    bench.drain();
    expect(bench.server.requests).toHaveLength(2);
    bench.unit.drain.forgive();
    expect(bench.drain().verdict).toBe(VERDICT.allSent);
    expect(new Set(bodies(bench)).size).toBe(1);
  });
});

describe("a page that decays while it is sent", () => {
  it("ends the request instead of being padded, and is counted", () => {
    const bench = createBench();
    bench.fill(1, 900);
    bench.unit.drain.drain(() => {});
    bench.timers.advance(3);
    expect(bench.server.requests).toHaveLength(1);
    bench.ring.samples[1][800].corrupt = true;
    bench.timers.advance(60_000);
    const [first, second] = bench.server.requests;
    expect(first.aborted).toBe(true);
    expect(first.body.length).toBeLessThan(Number(first.options.headers["Content-Length"]));
    expect(second.body.length).toBe(second.options.headers["Content-Length"]);
    expect(bench.counters(1)).toMatchObject({ delivered: 899, corrupt: 1 });
  });
});

describe("a setting", () => {
  it("of https without TLS in the build is a clear fault and no request", () => {
    const bench = benchWith([]);
    bench.server.tls = false;
    expect(bench.drain()).toEqual({ verdict: VERDICT.serverNotReached, nextTryMs: Infinity });
    expect(bench.unit.drain.fault()).toMatch(/no TLS/);
    expect(bench.server.requests).toHaveLength(0);
  });

  it("of a server whose handshake fails is a fault that says what Espruino's TLS can do", () => {
    const bench = createBench();
    bench.fill(1, 5);
    bench.server.behave = () => ({ fail: "throw-write" });
    bench.drain();
    expect(bench.unit.drain.fault()).toMatch(/TLS is 1\.2 with RSA/);
    bench.server.behave = () => OK;
    bench.drain();
    expect(bench.unit.drain.fault()).toBe("");
  });

  it("that is missing is a fault and no request", () => {
    expect(benchWith([], { server: "" }).drain().verdict).toBe(VERDICT.serverNotReached);
    expect(benchWith([], { token: "" }).drain().verdict).toBe(VERDICT.serverSaysNo);
  });

  it("like the token is in no log line, even when an error quotes it", () => {
    const bench = benchWith([
      { fail: "throw-write" },
      { fail: "throw-request" },
      { answer: 500, body: `token=${TOKEN}` },
      { ...refusal(`Invalid token. ${TOKEN}`) },
    ]);
    bench.drain();
    bench.drain();
    expect(bench.lines.join("\n")).toContain("for /external");
    expect(bench.lines.join("\n")).not.toContain(TOKEN);
    expect(bench.unit.drain.fault()).not.toContain(TOKEN);
  });
});

function pointTime(bench: Bench, index: number): number {
  return 1_790_000_000_000 + bench.ring.samples[1][index].rawMs;
}

function totalPoints(bench: Bench): number {
  return bench.server.requests.reduce((sum, request) => sum + (request.ended ? pointsOf(request.body).length : 0), 0);
}
