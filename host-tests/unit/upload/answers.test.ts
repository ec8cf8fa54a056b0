import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../firmware/limits.ts";
import { VERDICT } from "../../../firmware/verdict.ts";
import { type Behaviour, OK, refusal } from "../../support/fake-server.ts";
import { bodies, createUploadRig, pointsOf, rigWith, TOKEN } from "../../support/upload-rig.ts";

describe("an answer", () => {
  it("of 200 without a body counts once the server has shown that it is Blynk's, which is asked once a delivery", () => {
    const rig = createUploadRig({ pointsPerRequestMax: 100 });
    rig.fill(1, 300);
    rig.server.behave = () => ({ answer: 200 });
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.server.requests).toHaveLength(3);
    expect(rig.server.reads).toHaveLength(1);
    expect(rig.server.reads[0].options.path).toBe(`/external/api/isHardwareConnected?token=${TOKEN}`);
    rig.fill(2, 10);
    rig.drain();
    expect(rig.server.reads).toHaveLength(2);
  });

  it("of OK makes the empty ones after it somebody else's: a proxy may answer some requests only, and Blynk the others", () => {
    const rig = createUploadRig({ pointsPerRequestMax: 100 });
    rig.fill(1, 300);
    rig.server.behave = (n) => (n === 0 ? OK : { answer: 200 });
    expect(rig.drain().verdict).toBe(VERDICT.intercepted);
    expect(rig.server.reads).toHaveLength(0);
    expect(rig.counters(1).delivered).toBe(100);
    rig.server.behave = () => OK;
    rig.timers.advance(2 * 3_600_000);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.counters(1).delivered).toBe(300);
  });

  it.each<[string, Behaviour]>([
    ["nothing", { answer: 200 }],
    ["a page", { answer: 200, body: "<html>true</html>" }],
    ["not found", { answer: 404 }],
    ["OK", OK],
  ])("of 200 without a body counts nothing when the server says %s to a question of Blynk's", (_what, read) => {
    const rig = createUploadRig();
    rig.fill(1, 300);
    rig.server.behave = () => ({ answer: 200 });
    rig.server.behaveToRead = () => read;
    for (let i = 0; i < 5; i++) expect(rig.drain().verdict).toBe(VERDICT.intercepted);
    expect(rig.counters(1).delivered).toBe(0);
    rig.server.behave = () => OK;
    // Such a batch rests after its second try, as each one costs allowance.
    rig.timers.advance(2 * 3_600_000);
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(new Set(bodies(rig)).size).toBe(1);
    expect(rig.counters(1).delivered).toBe(300);
  });

  it.each([
    ["busy", { answer: 503 }],
    ["refused", refusal("Value is not accepted.")],
    ["too large", { answer: 413 }],
    ["a page", { answer: 200, body: "<html>" }],
    ["moved", { answer: 308, headers: { Location: "https://fra1.blynk.cloud/" } }],
    ["an invalid token", refusal("Invalid token.")],
  ] as [string, Behaviour][])(
    "of %s before the body was whole charges no points, only a request",
    (_what, behaviour) => {
      const rig = createUploadRig({ server: "https://blynk.cloud" });
      rig.fill(1, 900);
      rig.server.behave = () => ({ ...behaviour, afterChars: 5000 }) as Behaviour;
      rig.drain();
      expect(rig.server.requests[0].body.length).toBeLessThan(
        Number(rig.server.requests[0].options.headers["Content-Length"]),
      );
      // Smaller bodies leave whole, and are charged.
      const early = rig.server.requests.map(({ ended }) => !ended);
      expect(early.filter(Boolean).length).toBeGreaterThan(0);
      const charges = rig.unit.ledger.charges();
      expect(charges.map(({ requests }) => requests)).toEqual(early.map(() => 1));
      expect(charges.map(({ points }) => points === 0)).toEqual(early);
    },
  );

  it("of 200 without a body is followed by none while the server, asked whether it is Blynk's, asks to be left alone", () => {
    const rig = createUploadRig();
    rig.fill(1, 300);
    rig.server.behave = () => ({ answer: 200 });
    rig.server.behaveToRead = () => ({ answer: 503, headers: { "Retry-After": "7200" } });
    const { nextTryMs } = rig.drain();
    expect(nextTryMs).toBeGreaterThanOrEqual(7_199_000);
    expect(rig.server.requests).toHaveLength(1);
    rig.timers.advance(nextTryMs - 2000);
    rig.drain();
    expect(rig.server.requests).toHaveLength(1);
  });

  it("of 200 without a body leaves the fate open when the question has no answer", () => {
    const rig = createUploadRig();
    rig.fill(1, 300);
    rig.server.behave = (n) => (n === 0 ? { answer: 200 } : OK);
    rig.server.behaveToRead = () => ({ fail: "silence" });
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
  });

  it("of 308 to one of Blynk's regions is followed with the same points, and kept once that took them", () => {
    const rig = createUploadRig({ server: "https://blynk.cloud" });
    rig.fill(1, 300);
    rig.server.behave = (_n, { options }) =>
      options.host === "fra1.blynk.cloud"
        ? OK
        : { answer: 308, headers: { Location: `https://fra1.blynk.cloud${options.path}` } };
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.server.requests.map(({ options }) => options.host)).toEqual(["blynk.cloud", "fra1.blynk.cloud"]);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
    expect(rig.counters(1).delivered).toBe(300);
    rig.reboot();
    rig.fill(1, 10);
    rig.drain();
    expect(rig.server.requests.at(-1)?.options.host).toBe("fra1.blynk.cloud");
    expect(rig.store.writes).toBe(1);
    expect(rig.lines.join("\n")).toContain("https://fra1.blynk.cloud");
    expect(rig.lines.join("\n")).not.toContain(TOKEN);
  });

  it("of 308 that goes in a circle ends the delivery, and wears out no flash", () => {
    const rig = createUploadRig({ server: "https://blynk.cloud" });
    rig.fill(1, 300);
    rig.server.behave = (_n, { options }) => {
      const to = options.host === "fra1.blynk.cloud" ? "ny3" : "fra1";
      return { answer: 308, headers: { location: `https://${to}.blynk.cloud${options.path}` } };
    };
    for (let i = 1; i <= 8; i++) {
      expect(rig.drain().verdict).toBe(VERDICT.intercepted);
      expect(rig.server.requests.length).toBeLessThanOrEqual(3 * i);
      rig.timers.advance(3_600_000);
    }
    expect(rig.store.writes).toBe(0);
    expect(rig.counters(1).refused).toBe(0);
  });

  it("of 308 to anywhere else is somebody else's: the token goes nowhere", () => {
    const rig = createUploadRig({ server: "https://blynk.cloud" });
    rig.fill(1, 300);
    rig.server.behave = () => ({ answer: 308, headers: { Location: "https://fra1.blynk.cloud.evil.example/" } });
    expect(rig.drain().verdict).toBe(VERDICT.intercepted);
    expect(new Set(rig.server.requests.map(({ options }) => options.host))).toEqual(new Set(["blynk.cloud"]));
  });

  it("of 200 counts although the server leaves the connection open", () => {
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
    expect(verdict).toBe(VERDICT.intercepted);
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
    expect(rig.drain().verdict).toBe(VERDICT.intercepted);
    expect(rig.counters(1).delivered).toBe(0);
  });

  it.each([
    ["Invalid token.", 400],
    ["Unknown content type.", 400],
    ["", 401],
    ["", 403],
    ["", 404],
    ["", 405],
  ])("of %s (%i) stops the delivery and keeps everything", (message, status) => {
    const rig = rigWith([{ ...refusal(message), answer: status }]);
    rig.fill(2, 100);
    expect(rig.drain()).toEqual({ verdict: VERDICT.serverSaysNo, nextTryMs: Infinity });
    expect(rig.server.requests).toHaveLength(1);
    expect(rig.unit.ledger.attempt(1)).toBeUndefined();
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.counters(1).delivered + rig.counters(2).delivered).toBe(400);
  });

  it.each([
    [400, "<html>400 Bad Request</html>"],
    [400, ""],
    [400, "Invalid token."],
    [401, ""],
    [403, "<html>403 Forbidden</html>"],
    [404, "404 page not found"],
    [405, ""],
    [418, "I'm a teapot"],
    [422, '{"error":"unprocessable"}'],
  ])("of %i that is not in Blynk's form says nothing of points, pins or the token", (status, body) => {
    const rig = createUploadRig();
    rig.fill(1, 300);
    rig.server.behave = () => ({ answer: status, body });
    for (let i = 0; i < 20; i++) {
      // Asked for by the button: by itself the batch would rest.
      rig.unit.forgive();
      expect(rig.drain().verdict).toBe(VERDICT.intercepted);
      rig.timers.advance(60_000);
    }
    expect(rig.unit.fault()).not.toMatch(/token/);
    rig.server.behave = () => OK;
    rig.unit.forgive();
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.counters(1)).toMatchObject({ delivered: 300, refused: 0 });
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
  ])("with `Retry-After: %s` is respected for that long, unless the button is pressed", (text, waitMs) => {
    const rig = rigWith([{ answer: 503, headers: { "retry-after": text } }]);
    const first = rig.drain();
    expect(first.verdict).toBe(VERDICT.serverNotReached);
    expect(first.nextTryMs).toBe(waitMs);
    rig.timers.advance(60_000);
    expect(rig.drain().verdict).toBe(VERDICT.serverNotReached);
    expect(rig.server.requests).toHaveLength(1);
    rig.unit.forgive();
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(bodies(rig)[1]).toBe(bodies(rig)[0]);
  });

  it("with `Retry-After` as a date waits until then", () => {
    const rig = rigWith([]);
    const untilMs = Math.ceil((rig.unit.now()?.trueMs ?? 0) / 1000) * 1000 + 600_000;
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

  it("of `100 Continue` gives way to the real answer behind it", () => {
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

  it("that comes before the body was sent is not Blynk's OK", () => {
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
});
