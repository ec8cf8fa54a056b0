import { describe, expect, it } from "vitest";
import { createHttp } from "../../../firmware/platform/http.ts";
import type { HttpHandlers, HttpRequestOptions } from "../../../firmware/platform/ports.ts";

const OPTIONS: HttpRequestOptions = {
  protocol: "http:",
  host: "a.example",
  port: 80,
  path: "/",
  method: "POST",
  headers: { "Content-Length": 2 },
};

/** Espruino's http module as far as one request goes: events are fired by hand. */
function fakeHttp() {
  const listeners: { [event: string]: (value?: unknown) => void } = {};
  const fake = {
    written: [] as string[],
    request: undefined as (EspruinoRequest & { clsNow?: boolean }) | undefined,
    fire: (event: string, value?: unknown) => listeners[event]?.(value),
    respond(statusCode: string, headers = {}) {
      const on = (event: string, callback: (value?: unknown) => void) => {
        listeners[`response ${event}`] = callback;
      };
      answer?.({ statusCode, headers, on } as unknown as EspruinoResponse);
    },
    native: {
      request(_: unknown, onResponse: (response: EspruinoResponse) => void) {
        answer = onResponse;
        fake.request = {
          write: (text: string) => fake.written.push(text),
          end: () => fake.written.push("(end)"),
          on: (event: string, callback: (value?: unknown) => void) => {
            listeners[event] = callback;
          },
        } as unknown as EspruinoRequest;
        return fake.request;
      },
    } as unknown as EspruinoHttp,
  };
  let answer: ((response: EspruinoResponse) => void) | undefined;
  return fake;
}

function start() {
  const told: unknown[] = [];
  const fake = fakeHttp();
  const handlers: HttpHandlers = {
    drain: () => told.push("drain"),
    response: (status, headers) => told.push(["response", status, headers]),
    data: (text) => told.push(["data", text]),
    close: () => told.push("close"),
    error: (code, message) => told.push(["error", code, message]),
  };
  return { told, fake, request: createHttp(fake.native, true).request(OPTIONS, handlers) };
}

describe("an HTTP request", () => {
  it("tells of drains, the answer, its body and its end, in order", () => {
    const { told, fake, request } = start();
    request.write("[]");
    request.end();
    fake.fire("drain");
    fake.respond("200", { Date: "x" });
    fake.fire("response data", "OK");
    fake.fire("response close", false);
    expect(fake.written).toEqual(["[]", "(end)"]);
    expect(told).toEqual(["drain", ["response", 200, { Date: "x" }], ["data", "OK"], "close"]);
  });

  const STATUSES: [text: string, status: number][] = [
    ["200", 200],
    ["404", 404],
    ["\r\n", NaN],
    ["", NaN],
    ["OK", NaN],
    ["20", NaN],
    ["2000", NaN],
    ["-200", NaN],
  ];
  for (const [text, status] of STATUSES) {
    it(`reads the status line's ${JSON.stringify(text)} as ${status}`, () => {
      const { told, fake } = start();
      fake.respond(text);
      expect(told).toEqual([["response", status, {}]]);
    });
  }

  it("ends with the error when the connection fails, also after an answer, and says nothing more", () => {
    const { told, fake } = start();
    fake.respond("400");
    fake.fire("error", { code: -14, message: "unsent data" });
    fake.fire("response close", true);
    expect(told).toEqual([
      ["response", 400, {}],
      ["error", -14, "unsent data"],
    ]);
  });

  it("closes the stuck socket on abort, and calls nothing afterwards", () => {
    const { told, fake, request } = start();
    request.abort();
    expect(fake.request?.clsNow).toBe(true);
    fake.fire("drain");
    fake.respond("200");
    fake.fire("error", { code: -15, message: "no response" });
    expect(told).toEqual([]);
  });

  it("calls nothing after an abort from within the answer", () => {
    const told: string[] = [];
    const fake = fakeHttp();
    const request = createHttp(fake.native, false).request(OPTIONS, {
      drain: () => told.push("drain"),
      response: () => request.abort(),
      data: () => told.push("data"),
      close: () => told.push("close"),
      error: () => told.push("error"),
    });
    fake.respond("200");
    fake.fire("response data", "OK");
    fake.fire("response close", false);
    expect(told).toEqual([]);
  });

  it("lets pass what Espruino throws when a name does not resolve", () => {
    const { fake, request } = start();
    (fake.request as EspruinoRequest).end = () => {
      throw new Error("Unable to locate host");
    };
    expect(() => request.end()).toThrow("Unable to locate host");
  });
});
