import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  BlynkStandIn,
  failure,
  type StandInOptions,
  type StandInRequest,
} from "../../../scripts/blynk-stand-in/stand-in.ts";

const TOKEN = "bFFtSHNCZZDWQ__Zs96cP5jLMhLoJofg";
const NOW_MS = 1_760_000_000_000;
const DAY_MS = 86_400_000;

function server(options: Partial<StandInOptions> = {}) {
  return new BlynkStandIn({ tokens: [TOKEN], ...options });
}

function post(body: string, change: Partial<StandInRequest> & { pin?: string } = {}): StandInRequest {
  return {
    method: "POST",
    path: `/external/api/batch/update?token=${TOKEN}&pin=${change.pin ?? "v1"}`,
    headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) },
    body,
    arrivedMs: NOW_MS,
    ...change,
  };
}

/** `count` points a second apart, the last one `endAgoMs` before now. */
function batch(count: number, endAgoMs = 1000, value = "1"): string {
  const first = NOW_MS - endAgoMs - (count - 1) * 1000;
  return `[${Array.from({ length: count }, (_, i) => `[${first + i * 1000},${value}]`).join(",")}]`;
}

const kinds = (standIn: BlynkStandIn) => standIn.violations.map((violation) => violation.kind);
const message = (text: string) => JSON.stringify({ error: { message: text } });

describe("what the documentation shows", () => {
  it("takes the documented example and answers OK", () => {
    const standIn = server();
    const body = "[[1648054765458,1.0],[1648054825459,2.0],[1648054885460,3.0]]";
    const answer = standIn.handle(post(body, { arrivedMs: 1648054885460 + 1000 }));
    expect(answer).toMatchObject({ status: 200, body: "OK", headers: { "Content-Length": "2" } });
    expect(standIn.violations).toEqual([]);
    expect([...standIn.points()]).toEqual([
      { pin: "v1", ts: 1648054765458, value: "1.0" },
      { pin: "v1", ts: 1648054825459, value: "2.0" },
      { pin: "v1", ts: 1648054885460, value: "3.0" },
    ]);
  });

  it("dates its answers by the time of arrival", () => {
    expect(server().handle(post(batch(1))).headers.Date).toBe(new Date(NOW_MS).toUTCString());
  });

  it.each([
    ["Unknown content type.", { headers: { "Content-Type": "text/plain", "Content-Length": 19 } }, ["content-type"]],
    ["Unknown content type.", { headers: { "Content-Length": 19 } }, ["content-type"]],
    ["Invalid token.", { path: "/external/api/batch/update?token=other&pin=v1" }, []],
    ["Wrong pin format.", { pin: "1" }, ["pin-format"]],
    ["Wrong pin format.", { pin: "V1" }, ["pin-format"]],
    ["Wrong pin format.", { pin: "v01" }, ["pin-format"]],
    ["Wrong pin format.", { pin: "v256" }, ["pin-format"]],
  ])("answers %s as documented (%j)", (text, change, violations) => {
    const standIn = server();
    expect(standIn.handle(post(batch(1), change))).toMatchObject({ status: 400, body: message(text) });
    expect(kinds(standIn)).toEqual(violations);
    expect(standIn.stats().points).toBe(0);
  });

  it.each(["v0", "v9", "v10", "v99", "v100", "v199", "v249", "v255"])("knows the pin %s", (pin) => {
    expect(server().handle(post(batch(1), { pin })).body).toBe("OK");
  });

  it("answers a pin outside the template like a wrong one, without a violation", () => {
    const standIn = server({ pins: ["v2"] });
    expect(standIn.handle(post(batch(1))).body).toBe(message("Wrong pin format."));
    expect(standIn.handle(post(batch(1), { pin: "v2" })).body).toBe("OK");
    expect(standIn.violations).toEqual([]);
  });

  it("takes 10,000 points in a request and refuses one more", () => {
    const standIn = server({ limits: { pointsPerDay: 30_000 } });
    expect(standIn.handle(post(batch(10_000))).body).toBe("OK");
    expect(standIn.violations).toEqual([]);
    expect(standIn.handle(post(batch(10_001), { pin: "v2" })).body).toBe(
      message("Too much data in batch. Maximum batch size is 10000 points."),
    );
    expect(kinds(standIn)).toEqual(["batch-points"]);
    expect(standIn.stats()).toMatchObject({ points: 10_000, pointsMaxInRequest: 10_001 });
  });

  it("refuses batches above a smaller plan's limit, without a violation", () => {
    const standIn = server({ refuseAbovePoints: 5 });
    expect(standIn.handle(post(batch(6))).status).toBe(400);
    expect(standIn.handle(post(batch(5))).body).toBe("OK");
    expect(standIn.violations).toEqual([]);
  });

  it("tells the time in the Date of every answer to isHardwareConnected, also when it refuses the token", () => {
    const standIn = server();
    for (const token of [TOKEN, "x"]) {
      const path = `/external/api/isHardwareConnected?token=${token}`;
      const { headers } = standIn.handle({ method: "GET", path, headers: {}, body: "", arrivedMs: NOW_MS });
      expect(headers.Date).toBe(new Date(NOW_MS).toUTCString());
    }
    expect(standIn.violations).toEqual([]);
  });

  it("answers the two reads of the doctor", () => {
    const standIn = server();
    const read = (path: string) => standIn.handle({ method: "GET", path, headers: {}, body: "", arrivedMs: NOW_MS });
    expect(read(`/external/api/isHardwareConnected?token=${TOKEN}`)).toMatchObject({ status: 200, body: "false" });
    expect(read("/external/api/isHardwareConnected?token=x")).toMatchObject({
      status: 400,
      body: message("Invalid token."),
    });
    standIn.handle(post(batch(2, 1000, "21.5")));
    expect(read(`/external/api/get?token=${TOKEN}&v1`)).toMatchObject({ status: 200, body: "21.5" });
    expect(read(`/external/api/get?token=${TOKEN}&w1`)).toMatchObject({
      status: 400,
      body: message("Wrong pin format."),
    });
    expect(standIn.violations).toEqual([]);
  });
});

describe("the request", () => {
  it.each([
    ["GET", `/external/api/batch/update?token=${TOKEN}&pin=v1`, 405],
    ["POST", `/external/api/update?token=${TOKEN}&pin=v1`, 404],
    ["POST", `/external/API/batch/update?token=${TOKEN}&pin=v1`, 404],
    ["PUT", `/external/api/batch/update?token=${TOKEN}&pin=v1`, 405],
  ])("refuses %s %#", (method, path, status) => {
    const standIn = server();
    expect(standIn.handle(post(batch(1), { method, path })).status).toBe(status);
    expect(kinds(standIn)).toEqual(["method"]);
  });

  it.each([
    ["absent", undefined],
    ["too small", 20],
    ["too large", 22],
    ["not a number", "x"],
  ])("refuses a Content-Length that is %s", (_, length) => {
    const standIn = server();
    const headers = { "Content-Type": "application/json", "Content-Length": length };
    expect(standIn.handle(post("[[1759999999000,1.5]]", { headers })).status).toBe(411);
    expect(kinds(standIn)).toEqual(["content-length"]);
  });

  it("refuses a chunked body", () => {
    const standIn = server();
    const headers = { "content-type": "application/json", "transfer-encoding": "chunked" };
    expect(standIn.handle(post(batch(1), { headers })).status).toBe(411);
    expect(kinds(standIn)).toEqual(["content-length"]);
  });

  it("reads header names in any case", () => {
    const standIn = server();
    const headers = { "CONTENT-type": "application/json", "content-LENGTH": "19" };
    expect(standIn.handle(post("[[1759999999000,1]]", { headers })).body).toBe("OK");
    expect(standIn.violations).toEqual([]);
  });

  it.each(["&pin=v1&pin=v2", "&pin=v1&v2=3", "", "&pin=v1&token=x"])(
    "demands one token and one pin, not %j",
    (rest) => {
      const standIn = server();
      standIn.handle(post(batch(1), { path: `/external/api/batch/update?token=${TOKEN}${rest}` }));
      expect(kinds(standIn)).toContain("query");
    },
  );

  it("counts the head of the request towards 2 MB", () => {
    const body = batch(100);
    const request = post(body);
    const head = `POST ${request.path} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const exact = server({ limits: { bodyBytes: body.length + head.length } });
    expect(exact.handle(request).body).toBe("OK");
    const smaller = server({ limits: { bodyBytes: body.length + head.length - 1 } });
    expect(smaller.handle(request).status).toBe(413);
    expect(kinds(smaller)).toEqual(["body-size"]);
  });

  it("takes 50 requests in any second, not 51", () => {
    const standIn = server();
    for (let i = 0; i < 50; i++) standIn.handle(post(`[[${NOW_MS - 1000 + i},1]]`, { arrivedMs: NOW_MS + i * 10 }));
    expect(standIn.violations).toEqual([]);
    expect(standIn.handle(post(`[[${NOW_MS},1]]`, { arrivedMs: NOW_MS + 999 })).status).toBe(429);
    expect(kinds(standIn)).toEqual(["request-rate"]);
  });

  it("counts the messages of a month over all devices", () => {
    const standIn = server({ tokens: [TOKEN, "b"], limits: { messagesPerMonth: 2 } });
    for (let day = 0; day < 93; day += 15.5) {
      standIn.handle(post(`[[${NOW_MS + day * DAY_MS - 1},1]]`, { arrivedMs: NOW_MS + day * DAY_MS }));
    }
    expect(standIn.violations).toEqual([]);
    standIn.handle(
      post(batch(1), { arrivedMs: NOW_MS + 93 * DAY_MS - 1, path: "/external/api/get?token=b&v1", method: "GET" }),
    );
    expect(kinds(standIn)).toContain("messages-month");
  });
});

describe("the body", () => {
  it.each([
    ["[[1759999999000,1]", "json"],
    ["", "json"],
    ["{}", "json"],
    ["[1759999999000,1]", "json"],
    ["[[1759999999000,1,2]]", "json"],
    ["[[1759999999000]]", "json"],
    ["[[1759999999000,01]]", "json"],
    ["[[1759999999000,.5]]", "json"],
    ["[[1759999999000,NaN]]", "json"],
    ["[[1759999999000,1]]x", "json"],
    ["[[1759999999000,1],]", "json"],
    ['[["1759999999000",1]]', "json"],
    ['[[1759999999000,"1"]]', "value-type"],
    ["[[1759999999000,true]]", "value-type"],
    ["[[1759999999000,null]]", "value-type"],
    ["[[1759999999000,[1,2]]]", "value-type"],
    ["[[1759999999000.5,1]]", "timestamp-type"],
    ["[[1.759999999e12,1]]", "timestamp-type"],
    ["[[-5,1]]", "timestamp-type"],
  ])("refuses %s", (body, kind) => {
    const standIn = server();
    expect(standIn.handle(post(body)).status).toBe(400);
    expect(kinds(standIn)).toEqual([kind]);
    expect(standIn.stats().points).toBe(0);
  });

  it("records an empty batch as a violation", () => {
    const standIn = server();
    standIn.handle(post("[]"));
    expect(kinds(standIn)).toEqual(["empty-batch"]);
  });

  it("keeps each value's text as it was on the wire", () => {
    const standIn = server();
    standIn.handle(post(`[[${NOW_MS - 4},21.5],[${NOW_MS - 3},21.50],[${NOW_MS - 2},-0.001], [${NOW_MS - 1},2e3]]`));
    expect([...standIn.points()].map((point) => point.value)).toEqual(["21.5", "21.50", "-0.001", "2e3"]);
    expect(standIn.violations).toEqual([]);
  });

  it.each([
    [`[[${NOW_MS - 1},21.5]]`, 0],
    [`[[${NOW_MS - 1},21.50]]`, 1],
    [`[[${NOW_MS - 1}, 21.5]]`, 1],
    [`[[${NOW_MS - 1},-0]]`, 1],
    [`[[${NOW_MS - 1},0.000]]`, 4],
    [`[[${NOW_MS - 1},-0.50]]`, 1],
    [`[[${NOW_MS - 1},1200]]`, 0],
    [`[[${NOW_MS - 1},1.2e1]]`, 3],
  ])("measures how far %s is from the shortest JSON", (body, extraBytes) => {
    const standIn = server();
    standIn.handle(post(body));
    const stats = standIn.stats();
    expect(stats.bodyBytes - stats.bodyBytesShortest).toBe(extraBytes);
  });
});

describe("times", () => {
  it("takes a point of exactly a month and calls an older one a violation", () => {
    const standIn = server();
    standIn.handle(post(`[[${NOW_MS - 28 * DAY_MS},1]]`));
    expect(standIn.violations).toEqual([]);
    standIn.handle(post(`[[${NOW_MS - 28 * DAY_MS - 1},1]]`, { pin: "v2" }));
    expect(kinds(standIn)).toEqual(["age"]);
  });

  it("takes a point of the present ms and calls a later one a violation", () => {
    const standIn = server();
    standIn.handle(post(`[[${NOW_MS},1]]`));
    expect(standIn.violations).toEqual([]);
    standIn.handle(post(`[[${NOW_MS + 1},1]]`));
    expect(kinds(standIn)).toEqual(["future"]);
  });

  it.each([
    ["store", 200, 2],
    ["drop", 200, 1],
    ["refuse", 400, 0],
  ] as const)("may %s what is too old", (age, status, points) => {
    const standIn = server({ past: { age } });
    expect(standIn.handle(post(`[[${NOW_MS - 30 * DAY_MS},1],[${NOW_MS},2]]`)).status).toBe(status);
    expect(standIn.stats().points).toBe(points);
  });

  it("demands timestamps that increase strictly within a request", () => {
    const standIn = server();
    standIn.handle(post(`[[${NOW_MS - 5},1],[${NOW_MS - 5},1]]`));
    expect(kinds(standIn)).toEqual(["order"]);
  });

  it("takes the same body again as a replay and counts its points as duplicates", () => {
    const standIn = server();
    standIn.handle(post(batch(3)));
    standIn.handle(post(batch(3)));
    expect(standIn.violations).toEqual([]);
    expect(standIn.stats()).toMatchObject({ points: 3, duplicates: 3, replays: 1 });
  });

  it("demands that another body begins after everything before it", () => {
    const standIn = server();
    standIn.handle(post(batch(3)));
    standIn.handle(post(batch(4)));
    expect(kinds(standIn)).toEqual(["overlap"]);
  });

  it("judges the order of each datastream separately", () => {
    const standIn = server();
    standIn.handle(post(batch(3)));
    standIn.handle(post(batch(4), { pin: "v2" }));
    expect(standIn.violations).toEqual([]);
  });

  it("notices a timestamp that comes again with another value", () => {
    const standIn = server();
    standIn.handle(post(batch(3)));
    standIn.handle(post(batch(3, 1000, "2")));
    expect(kinds(standIn)).toEqual(["value-changed"]);
  });
});

describe("the daily limit", () => {
  const at = (hours: number) => NOW_MS + hours * 3_600_000;
  const points = (count: number, hours: number) =>
    `[${Array.from({ length: count }, (_, i) => `[${at(hours) - count + i},1]`).join(",")}]`;

  it("counts all pins, all parts of a split batch and all replays", () => {
    const standIn = server({ limits: { pointsPerDay: 10 } });
    standIn.handle(post(points(4, 0), { arrivedMs: at(0) }));
    standIn.handle(post(points(4, 0), { arrivedMs: at(1) }));
    standIn.handle(post(points(2, 2), { arrivedMs: at(2), pin: "v2" }));
    expect(standIn.violations).toEqual([]);
    expect(standIn.stats().pointsMaxIn24h).toBe(10);
    standIn.handle(post(points(1, 3), { arrivedMs: at(3), pin: "v3" }));
    expect(kinds(standIn)).toEqual(["day-points"]);
  });

  it("judges any 24 h, not the days of the calendar", () => {
    const standIn = server({ limits: { pointsPerDay: 10 } });
    for (const hours of [0, 24, 48]) standIn.handle(post(points(10, hours), { arrivedMs: at(hours) }));
    expect(standIn.violations).toEqual([]);
    standIn.handle(post(points(1, 71.99), { arrivedMs: at(71.99) }));
    expect(kinds(standIn)).toEqual(["day-points"]);
  });

  it("counts points that it did not store, because the client cannot know", () => {
    const standIn = server({ limits: { pointsPerDay: 10 } });
    standIn.fault = () => ({ stores: false, answer: failure(500, "boom", NOW_MS) });
    standIn.handle(post(points(6, 0), { arrivedMs: at(0) }));
    standIn.fault = undefined;
    standIn.handle(post(points(6, 0), { arrivedMs: at(1) }));
    expect(kinds(standIn)).toEqual(["day-points"]);
  });

  it("applies the limit to each device", () => {
    const standIn = server({ tokens: [TOKEN, "second"], limits: { pointsPerDay: 10 } });
    standIn.handle(post(points(10, 0), { arrivedMs: at(0) }));
    standIn.handle(post(points(10, 0), { arrivedMs: at(0), path: "/external/api/batch/update?token=second&pin=v1" }));
    expect(standIn.violations).toEqual([]);
    expect([...standIn.points(1)]).toHaveLength(10);
  });

  it("drops only what is past the limit", () => {
    const standIn = server({ limits: { pointsPerDay: 10 } });
    expect(standIn.handle(post(points(12, 0))).body).toBe("OK");
    expect(standIn.stats().points).toBe(10);
  });
});

describe("batches of unknown fate", () => {
  const broken = (status: number, stores: boolean) => () => ({ stores, answer: failure(status, "broken", NOW_MS) });

  it.each([500, 503, 408, 429])("must come again unchanged after %i", (status) => {
    const standIn = server({ fault: broken(status, false) });
    expect(standIn.handle(post(batch(3))).status).toBe(status);
    standIn.fault = undefined;
    standIn.handle(post(`[[${NOW_MS - 500},1]]`));
    expect(kinds(standIn)).toEqual(["not-replayed"]);
  });

  it("are not a violation when they come again, and count as new points then", () => {
    const standIn = server({ fault: broken(502, false) });
    standIn.handle(post(batch(3)));
    standIn.fault = undefined;
    standIn.handle(post(batch(3)));
    standIn.handle(post(`[[${NOW_MS - 500},1]]`));
    expect(standIn.violations).toEqual([]);
    expect(standIn.stats()).toMatchObject({ points: 4, duplicates: 0, replays: 1 });
  });

  it("are stored once when the answer was lost", () => {
    const standIn = server({ fault: broken(502, true) });
    standIn.handle(post(batch(3)));
    standIn.fault = undefined;
    standIn.handle(post(batch(3)));
    expect(standIn.violations).toEqual([]);
    expect(standIn.stats()).toMatchObject({ points: 3, duplicates: 3 });
  });

  it("may be divided differently when they were certainly refused", () => {
    const standIn = server({ fault: broken(422, false) });
    standIn.handle(post(batch(3)));
    standIn.fault = undefined;
    standIn.handle(post(`[[${NOW_MS - 3000},1]]`));
    expect(standIn.violations).toEqual([]);
  });

  it("may be given up once their oldest point expires, the rest unchanged", () => {
    const first = NOW_MS - 28 * DAY_MS + 3_600_000;
    const standIn = server({ fault: broken(500, false) });
    standIn.handle(post(`[[${first},1],[${first + DAY_MS},2]]`));
    standIn.fault = undefined;
    standIn.handle(post(`[[${first + DAY_MS},2],[${first + DAY_MS + 1},3]]`, { arrivedMs: NOW_MS + 7_200_000 }));
    expect(standIn.violations).toEqual([]);
  });
});

it("never shows a token, neither inspected nor in a violation that quotes the client", () => {
  const standIn = server();
  standIn.handle(post(batch(1), { pin: TOKEN }));
  standIn.handle(post(batch(1), { path: `/${TOKEN}` }));
  expect(standIn.violations).toHaveLength(2);
  expect(inspect(standIn, { depth: 9 }) + JSON.stringify(standIn.stats())).not.toContain(TOKEN);
});
