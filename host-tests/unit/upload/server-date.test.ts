import { describe, expect, it } from "vitest";
import { createClock } from "../../../firmware/clock/clock.ts";
import type { TimeAnswer } from "../../../firmware/clock/sntp.ts";
import type { Contact } from "../../../firmware/clock/take-fix.ts";
import { HANDSHAKE_REFUSED, type Http, type HttpHandlers } from "../../../firmware/platform/ports.ts";
import { openEndpoint } from "../../../firmware/upload/endpoint.ts";
import { createServerDate } from "../../../firmware/upload/server-date.ts";
import { createVirtualMachine } from "../../support/virtual-timers.ts";

const T0_MS = Date.UTC(2026, 6, 1, 12);
const TOKEN = "0123456789abcdefghijklmnopqrstuv";

type Script = (handlers: HttpHandlers, machine: ReturnType<typeof createVirtualMachine>) => void;

/** Asks once; `script` plays the network. */
function ask(script: Script) {
  const machine = createVirtualMachine();
  const clock = createClock(machine.timers, 1, 1);
  let aborted = 0;
  const http: Http = {
    tls: true,
    request: (options, handlers) => {
      const path = `/external/api/isHardwareConnected?token=${TOKEN}`;
      expect(options).toEqual({ protocol: "https:", host: "h", port: 443, method: "GET", path, headers: {} });
      return {
        write() {
          script(handlers, machine);
        },
        end() {},
        abort: () => aborted++,
      };
    },
  };
  const given: { answer: TimeAnswer | undefined; contact: Contact }[] = [];
  const endpoint = openEndpoint({ readJson: () => undefined }, "https://h", TOKEN);
  createServerDate(http, machine.timers, clock, endpoint)((answer, contact) => given.push({ answer, contact }));
  machine.run(100000);
  expect(given.length).toBe(1);
  // The answer came at once.
  const silentMs = endpoint.silentUntilRawMs === 0 ? 0 : endpoint.silentUntilRawMs - 1;
  return { ...given[0], aborted, session: clock.session(), silentMs };
}

/** A server that answers at once. */
const answering =
  (status: number, body: string, headers: Record<string, string> = {}): Script =>
  (handlers, machine) => {
    handlers.response(status, { Date: new Date(T0_MS + machine.uptimeMs()).toUTCString(), ...headers });
    if (body !== "") handlers.data(body);
    handlers.close();
  };

describe("asking Blynk's server for its date", () => {
  it("leaves the handshake out of the date's bound, and closes the connection once the body is whole", () => {
    const { answer, contact, aborted, session } = ask((handlers, machine) => {
      machine.block(4000);
      const text = new Date(T0_MS + machine.uptimeMs()).toUTCString();
      machine.timers.setTimeout(() => handlers.response(200, { Server: "x", DATE: text, "content-length": "5" }), 300);
      machine.timers.setTimeout(() => handlers.data("fal"), 400);
      machine.timers.setTimeout(() => handlers.data("se"), 900);
    });
    expect(Math.abs((answer?.trueMs ?? 0) - (T0_MS + 4300))).toBeLessThanOrEqual((answer?.boundMs ?? 0) + 600);
    expect(answer?.boundMs).toBe(1000 + 150);
    expect(contact).toBe("answered");
    expect(aborted).toBe(1);
    expect(session).toBe(1);
  });

  it.each<[string, Script]>([
    ["the device is connected", answering(200, "true")],
    ["it is not", answering(200, "false\r\n")],
    ["the token is refused", answering(400, '{"error":{"message":"Invalid token."}}')],
  ])("believes the date when Blynk says that %s", (_what, script) => {
    const { answer, contact } = ask(script);
    expect(Math.abs((answer?.trueMs ?? 0) - T0_MS)).toBeLessThanOrEqual(answer?.boundMs ?? 0);
    expect(contact).toBe("answered");
  });

  it.each<[string, Script]>([
    ["a captive portal's page", answering(200, "<html>true</html>")],
    ["a portal's empty page", answering(200, "")],
    ["a page that begins like Blynk's answer", answering(200, "true, but log in first")],
    ["a redirect", answering(302, "", { Location: "http://portal.example" })],
    ["another server's error", answering(400, "Bad Request")],
    ["an error in Blynk's form with another status", answering(404, '{"error":{"message":"Not found."}}')],
    ["a date that is none", answering(200, "true", { Date: "Thu, 00 Jan 2026 08:49:37 GMT" })],
    [
      "no date",
      (handlers) => {
        handlers.response(200, { Server: "x" });
        handlers.data("true");
        handlers.close();
      },
    ],
    [
      "half an answer",
      (handlers, machine) => {
        handlers.response(200, { Date: new Date(T0_MS + machine.uptimeMs()).toUTCString() });
        handlers.data("tr");
        handlers.error(-2, "reset");
      },
    ],
  ])("takes no time from %s", (_what, script) => {
    const { answer, contact } = ask(script);
    expect(answer).toBeUndefined();
    expect(["answered", "foreign"]).toContain(contact);
  });

  it.each([429, 503])("tells that a %i asks to be left alone, in seconds and until a date", (status) => {
    const until = new Date(T0_MS + 7_200_000).toUTCString();
    for (const text of ["7200", until]) {
      const { silentMs } = ask(answering(status, "", { "Retry-After": text }));
      expect(Math.abs(silentMs - 7_200_000)).toBeLessThanOrEqual(1000);
    }
    expect(ask(answering(status, "")).silentMs).toBe(0);
    expect(ask(answering(200, "true", { "Retry-After": "7200" })).silentMs).toBe(0);
  });

  it.each<[string, Contact, Script]>([
    ["the connection fails", "no response", (handlers) => handlers.error(-15, "no response")],
    ["TLS is refused", "foreign: no TLS", (handlers) => handlers.error(HANDSHAKE_REFUSED, "no TLS")],
    ["the connection closes", "", (handlers) => handlers.close()],
    [
      "the name isn't found",
      "no such name",
      () => {
        throw "no such name";
      },
    ],
    ["nobody answers", "", () => {}],
  ])("tells nothing when %s, once", (_what, contact, script) => {
    expect(ask(script)).toMatchObject({ answer: undefined, contact });
  });
});
