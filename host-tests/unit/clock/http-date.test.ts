import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createClock } from "../../../firmware/clock/clock.ts";
import { createHttpDate, dateHeader } from "../../../firmware/clock/http-date.ts";
import type { TimeAnswer } from "../../../firmware/clock/sntp.ts";
import type { Http, HttpHandlers } from "../../../firmware/platform/ports.ts";
import { createVirtualMachine } from "../../support/virtual-timers.ts";

describe("the Date header", () => {
  it("reads what any server writes, within a second and half the round trip", () => {
    const anyMs = fc.integer({ min: Date.UTC(2024, 0, 1, 0, 0, 2), max: Date.UTC(2099, 11, 31, 23, 59) });
    fc.assert(
      fc.property(
        anyMs,
        fc.integer({ min: 0, max: 10000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (ms, tripMs, at) => {
          // Written at `ms`, somewhere on the way of the round trip.
          const answer = dateHeader(new Date(ms).toUTCString(), 5000, 5000 + tripMs) as TimeAnswer;
          expect(Math.abs(answer.trueMs - (ms + tripMs * (1 - at)))).toBeLessThanOrEqual(answer.boundMs);
          expect(answer.boundMs).toBe(1000 + Math.ceil(tripMs / 2));
          expect(answer.rawMs).toBe(5000 + tripMs);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    "",
    "now",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 2026",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Sun, 06 Nov 2126 08:49:37 GMT",
    "Sun, 06 anF 2026 08:49:37 GMT",
    "Sun, 06 Nov 2026 08:49:37 CET",
    "Sun, 06 Nov 2026 08:49:37 GMT, Sun, 06 Nov 2026 08:49:37 GMT",
  ])("makes nothing of '%s'", (text) => {
    expect(dateHeader(text, 0, 100)).toBeUndefined();
  });
});

describe("asking a web server for its date", () => {
  const T0_MS = Date.UTC(2026, 6, 1, 12);

  /** Asks once; `script` plays the network. */
  function ask(script: (handlers: HttpHandlers, machine: ReturnType<typeof createVirtualMachine>) => void) {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 1, 1);
    let aborted = 0;
    const http: Http = {
      tls: true,
      request: (options, handlers) => {
        expect(options).toMatchObject({ protocol: "https:", host: "h", port: 443, method: "GET", path: "/" });
        return { write() {}, end: () => script(handlers, machine), abort: () => aborted++ };
      },
    };
    const answers: (TimeAnswer | undefined)[] = [];
    createHttpDate(http, machine.timers, clock, { protocol: "https:", host: "h", port: 443 })((answer) =>
      answers.push(answer),
    );
    machine.run(100000);
    expect(answers.length).toBe(1);
    return { answer: answers[0], aborted, session: clock.session() };
  }

  it("takes it from any answer, leaves the handshake out of its bound, and closes the connection", () => {
    const { answer, aborted, session } = ask((handlers, machine) => {
      machine.block(4000);
      const text = new Date(T0_MS + machine.uptimeMs()).toUTCString();
      machine.timers.setTimeout(() => handlers.response(404, { Server: "x", DATE: text }), 300);
    });
    expect(Math.abs((answer?.trueMs ?? 0) - (T0_MS + 4300))).toBeLessThanOrEqual(answer?.boundMs ?? 0);
    expect(answer?.boundMs).toBe(1000 + 150);
    expect(aborted).toBe(1);
    expect(session).toBe(1);
  });

  it.each<[string, Parameters<typeof ask>[0]]>([
    ["an answer has no date", (handlers) => handlers.response(200, { Server: "x" })],
    ["the connection fails", (handlers) => handlers.error(-15, "no response")],
    ["the connection closes", (handlers) => handlers.close()],
    [
      "the name isn't found",
      () => {
        throw new Error("Unable to locate host");
      },
    ],
    ["nobody answers", () => {}],
  ])("tells nothing when %s, once", (_what, script) => {
    expect(ask(script).answer).toBeUndefined();
  });
});
