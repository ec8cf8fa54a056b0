import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createHttp } from "../../../firmware/platform/http.ts";
import {
  ANSWER_TOO_LONG,
  HANDSHAKE_REFUSED,
  type HttpHandlers,
  type HttpRequestOptions,
} from "../../../firmware/platform/ports.ts";

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

/** What the interpreter offers beside the http module. */
const chip = { timeS: 0, free: 2000, collections: 0 };
beforeEach(() => {
  Object.assign(chip, { timeS: 0, free: 2000, collections: 0 });
  vi.useFakeTimers();
  vi.stubGlobal("getTime", () => chip.timeS);
  Object.assign(process, {
    memory(collect?: boolean) {
      if (collect !== false) chip.collections++;
      return { free: chip.free, usage: 0, total: 5000 };
    },
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  Reflect.deleteProperty(process, "memory");
});

function start(options = OPTIONS) {
  const told: unknown[] = [];
  const fake = fakeHttp();
  const handlers: HttpHandlers = {
    drain: () => told.push("drain"),
    response: (status, headers) => told.push(["response", status, headers]),
    data: (text) => told.push(["data", text]),
    close: () => told.push("close"),
    error: (code, message) => told.push(["error", code, message]),
  };
  return { told, fake, request: createHttp(fake.native, true).request(options, handlers) };
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

  it.each([
    ["Unable to locate host", 4, /name can't be looked up/],
    ["Unable to create socket", 0.1, /refuses the connection/],
    ["Unable to create socket", 18, /address does not answer/],
    ["mbedtls_ssl_setup: Not enough memory", 0, /mbedtls_ssl_setup: Not enough memory/],
  ])("that can't connect, as %s after %d s, throws in words for people", (text, blockedS, words) => {
    const { fake, request } = start();
    (fake.request as EspruinoRequest).write = () => {
      chip.timeS += blockedS;
      throw new Error(text);
    };
    let thrown: unknown;
    try {
      request.write("[");
    } catch (error) {
      thrown = error;
    }
    expect(String(thrown)).toMatch(words);
  });

  it("tells a refused TLS handshake from a connection that fails later, and from plain http", () => {
    const https: HttpRequestOptions = { ...OPTIONS, protocol: "https:" };
    const unsent = { code: -8, message: "unsent data" };
    const refused = start(https);
    refused.fake.fire("error", unsent);
    expect(refused.told).toEqual([["error", HANDSHAKE_REFUSED, expect.stringContaining("TLS is 1.2 with RSA")]]);
    const later = start(https);
    later.fake.fire("drain");
    later.fake.fire("error", unsent);
    expect(later.told).toEqual(["drain", ["error", -8, "unsent data"]]);
    const plain = start();
    plain.fake.fire("error", unsent);
    expect(plain.told).toEqual([["error", -8, "unsent data"]]);
  });

  it("is closed when the head of its answer grows without an end", () => {
    const { told, fake } = start();
    const request = fake.request as EspruinoRequest;
    request.dRcv = "x".repeat(3000);
    vi.advanceTimersByTime(10);
    expect(told).toEqual([]);
    request.dRcv += "x".repeat(536);
    vi.advanceTimersByTime(2);
    expect(told).toEqual([["error", ANSWER_TOO_LONG, expect.any(String)]]);
    expect(request.clsNow).toBe(true);
    // What it held is free at once.
    expect(request.dRcv).toBe("");
    fake.respond("200");
    vi.advanceTimersByTime(100);
    expect(told).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is closed when memory gets short while its answer comes, and collects garbage only to make sure", () => {
    const { told, fake } = start();
    (fake.request as EspruinoRequest).dRcv = "x".repeat(1000);
    chip.free = 301;
    vi.advanceTimersByTime(10);
    expect([told, chip.collections]).toEqual([[], 0]);
    chip.free = 299;
    vi.advanceTimersByTime(2);
    expect(told).toEqual([["error", ANSWER_TOO_LONG, expect.any(String)]]);
    expect(chip.collections).toBe(1);
  });

  it("is watched no more once it is over", () => {
    const { fake } = start();
    expect(vi.getTimerCount()).toBe(1);
    fake.respond("200");
    fake.fire("response close", false);
    vi.advanceTimersByTime(2);
    expect(vi.getTimerCount()).toBe(0);
  });
});
