import { describe, expect, it } from "vitest";
import { ANSWERED, FOREIGN } from "../../../firmware/clock/take-fix.ts";
import { VERDICT } from "../../../firmware/verdict.ts";
import { positionOf } from "../../support/fake-ring.ts";
import { OK, refusal } from "../../support/fake-server.ts";
import { createUploadRig, pointsOf, rigWith, TOKEN } from "../../support/upload-rig.ts";

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

  it("is charged before anything that could be accepted leaves, and not when no server was reached", () => {
    const rig = rigWith([{ fail: "throw-write" }]);
    rig.unit.drain.run(() => {});
    expect(rig.unit.ledger.charges()).toEqual([]);
    rig.timers.advance(20_000);
    expect(rig.unit.ledger.charges()).toHaveLength(1);
    const other = createUploadRig();
    other.fill(1, 10);
    const spent: number[] = [];
    other.server.behave = (_n, request) => {
      // What has left can't be whole before it is charged.
      spent.push(other.unit.ledger.charges().length);
      expect(request.body.length > 1 ? spent.at(-1) : 1).toBe(1);
      return OK;
    };
    other.unit.drain.run(() => {});
    other.timers.advance(0);
    expect(other.server.requests[0].body).toBe("[");
    expect(other.unit.ledger.charges()).toEqual([]);
    other.timers.advance(1);
    expect(other.unit.ledger.charges()).toMatchObject([{ points: 10, requests: 1, open: true }]);
    other.timers.advance(100);
    expect(other.counters(1).delivered).toBe(10);
  });

  it("whose handshake is refused costs nothing of the allowance, and is not counted as a replay", () => {
    const rig = createUploadRig();
    rig.fill(1, 300);
    rig.server.behave = () => ({ fail: "handshake" });
    for (let i = 0; i < 50; i++) expect(rig.drain().verdict).toBe(VERDICT.intercepted);
    expect(rig.unit.ledger.charges()).toEqual([]);
    expect(rig.unit.ledger.attempt(1)).toBeUndefined();
    expect(rig.unit.pointsLeft()).toBe(10_000);
    // A batch of unknown fate stays one.
    rig.server.behave = () => ({ fail: "close" });
    rig.unit.forgive();
    rig.drain();
    const [{ body }] = rig.server.requests.filter((request) => request.body.length > 1);
    const charges = rig.unit.ledger.charges().length;
    rig.server.behave = () => ({ fail: "handshake" });
    rig.drain();
    expect(rig.unit.ledger.charges()).toHaveLength(charges);
    rig.server.behave = () => OK;
    // The batch rests after its second try, as each one cost allowance.
    rig.timers.advance(2 * 3_600_000);
    rig.drain();
    expect(rig.server.requests.at(-1)?.body ?? "").not.toBe("");
    expect(rig.server.requests.filter((request) => request.body === body).length).toBeGreaterThan(1);
    expect(rig.counters(1)).toMatchObject({ delivered: 300, refused: 0 });
  });

  it("is not made of samples that the ring let go of while it connected", () => {
    const rig = createUploadRig();
    rig.fill(1, 10);
    rig.unit.drain.run(() => {});
    rig.timers.advance(0);
    rig.unit.ledger.drop(1, "overwritten", positionOf(5), 5);
    rig.timers.advance(60_000);
    expect(rig.counters(1)).toMatchObject({ delivered: 5, overwritten: 5 });
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
  it("says what stands in the way when the server was not reached to confirm the time", () => {
    const rig = createUploadRig();
    const { unreached, fault } = rig.unit;
    expect([unreached("unconfirmed", ""), fault()]).toEqual([VERDICT.serverNotReached, ""]);
    expect([unreached("unconfirmed", ANSWERED), fault()]).toEqual([VERDICT.serverNotReached, ""]);
    const refused = "the server refuses the connection";
    expect([unreached("unconfirmed", refused), fault()]).toEqual([VERDICT.serverNotReached, refused]);
    expect([unreached("unconfirmed", FOREIGN), fault()]).toEqual([VERDICT.intercepted, ""]);
    const tls = `${FOREIGN}: the TLS handshake failed`;
    expect([unreached("unconfirmed", tls), fault()]).toEqual([VERDICT.intercepted, "the TLS handshake failed"]);
    expect(unreached("unknown", "")).toBe(VERDICT.noTime);
    expect(unreached("unknown", FOREIGN)).toBe(VERDICT.intercepted);
    const tokenless = createUploadRig({ token: "" });
    expect(tokenless.unit.unreached("unconfirmed", "")).toBe(VERDICT.notProvisioned);
    expect(tokenless.unit.fault()).toBe("no usable token is set");
  });

  it("of https without TLS in the build is a clear fault and makes no request", () => {
    const rig = rigWith([]);
    rig.server.tls = false;
    expect(rig.drain()).toEqual({ verdict: VERDICT.serverNotReached, nextTryMs: Infinity });
    expect(rig.unit.fault()).toMatch(/no TLS/);
    expect(rig.server.requests).toHaveLength(0);
  });

  it("of a server whose handshake fails is a fault that says what Espruino's TLS can do", () => {
    const rig = createUploadRig();
    rig.fill(1, 5);
    rig.server.behave = () => ({ fail: "throw-write" });
    expect(rig.drain().verdict).toBe(VERDICT.serverNotReached);
    expect(rig.unit.fault()).toContain("the server refuses the connection");
    rig.server.behave = () => ({ fail: "handshake" });
    expect(rig.drain().verdict).toBe(VERDICT.intercepted);
    expect(rig.unit.fault()).toBe("the TLS handshake failed");
    rig.server.behave = () => OK;
    rig.drain();
    expect(rig.unit.fault()).toBe("");
  });

  it("that is missing is a fault and makes no request", () => {
    expect(rigWith([], { server: "" }).drain().verdict).toBe(VERDICT.serverNotReached);
    expect(rigWith([], { token: "" }).drain().verdict).toBe(VERDICT.notProvisioned);
  });

  it("such as the token is in no log line, even when an error quotes it", () => {
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
    expect(rig.unit.fault()).not.toContain(TOKEN);
  });
});
