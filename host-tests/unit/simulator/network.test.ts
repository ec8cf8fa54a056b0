import { describe, expect, test } from "vitest";
import { type HttpFault, simulate } from "../../../scripts/simulator/simulate.ts";
import { joined, POST, printed, run } from "../../support/program.ts";

describe("Wi-Fi", () => {
  const WATCH = `var wifi = require("Wifi");
    wifi.on("connected", function (d) { print("connected", d.ip); });
    wifi.on("disconnected", function (d) { print("disconnected", d.msg); });`;

  test("gives up after three tries without an access point, and stays so", async () => {
    const lines = await printed(
      `${WATCH} wifi.connect("simulated", { password: "correct horse" }, function (e) { print("done", e, Math.floor(getTime())); });`,
      { wifi: [{ kind: "gone", to: "1m" }] },
    );
    expect(lines[0]).toBe("disconnected NO_AP_FOUND");
    expect(lines[1]).toMatch(/^done NO_AP_FOUND \d+$/);
    expect(lines).toHaveLength(2);
  });

  test("names a handshake that times out when the password is wrong", async () => {
    const lines = await printed(
      `${WATCH} wifi.connect("simulated", { password: "wrong" }, function (e) { print("done", e); });`,
    );
    expect(lines).toEqual(["disconnected 4WAY_HANDSHAKE_TIMEOUT", "done 4WAY_HANDSHAKE_TIMEOUT"]);
  });

  test("tells of a loss after its silent retries, and never reconnects by itself", async () => {
    const lines = await printed(
      `${WATCH} wifi.connect("simulated", { password: "correct horse" }, function (e) { print("done", e); });`,
      { wifi: [{ kind: "gone", from: "30s", to: "60s" }] },
    );
    expect(lines.filter((line) => line.startsWith("disc"))).toHaveLength(1);
    expect(lines.slice(0, 2)).toEqual(["done null", "connected 192.0.2.77"]);
    expect(lines.at(-1)).toBe("disconnected NO_AP_FOUND");
  });

  test("comes back without a word of disconnection when the access point is gone only for a moment", async () => {
    const lines = await printed(`${WATCH} wifi.connect("simulated", { password: "correct horse" });`, {
      wifi: [{ kind: "gone", from: "30s", to: "30500ms" }],
    });
    expect(lines.every((line) => line === "connected 192.0.2.77")).toBe(true);
    expect(lines.length).toBeGreaterThan(1);
  });
});

describe("the access point that an old runtime opens by itself", () => {
  const JOIN = `var wifi = require("Wifi");
    function join() { wifi.connect("simulated", { password: "correct horse" }, function (e) { print("done", e); }); }
    print(wifi.getStatus().ap); join();`;

  test("keeps the station from joining until it is closed", async () => {
    const close = `setTimeout(function () { wifi.stopAP(function () { print(wifi.getStatus().ap); join(); }); }, 30000);`;
    const lines = await printed(JOIN + close, { ownAccessPoint: true });
    expect(lines).toEqual(["enabled", "done BEACON_TIMEOUT", "disabled", "done null"]);
  });

  test("is not there unless the script says so", async () => {
    expect(await printed(JOIN)).toEqual(["disabled", "done null"]);
  });

  test("does not keep the firmware from delivering", async () => {
    const streams = [{ pin: "v1", name: "a", intervalMs: 60_000, decimals: 1 }];
    const report = await simulate({ streams, value: () => 1 }, { ownAccessPoint: true, until: "2h", atLeast: "1h" });
    expect(report.server.points).toBeGreaterThan(30);
    expect(report.balanced).toBe(true);
  });
});

describe("HTTP", () => {
  const post = (http: HttpFault[] = [], until = "4m") => printed(POST + joined("post()"), { http, until });

  test("a status is text, and the body and the end follow it", async () => {
    expect(await post()).toEqual(['status string "200"', 'data "OK"', "close false"]);
  });

  test("a refused connection is thrown, not told by an event", async () => {
    expect(await post([{ kind: "refused" }])).toEqual(["thrown Unable to create socket"]);
  });

  test("a refused TLS handshake is not thrown: an error event comes, then an error that no program can catch", async () => {
    const overTls = POST.replace('protocol: "http:"', 'protocol: "https:"');
    expect(await printed(overTls + joined("post()"), { http: [{ kind: "tls" }] })).toEqual([
      "error -15",
      "Uncaught InternalError: mbedtls_ssl_handshake returned -0x7780",
    ]);
  });

  test("the firmware keeps what refused handshakes hold up, and delivers it when they end", async () => {
    const streams = [{ pin: "v1", name: "a", intervalMs: 60_000, decimals: 1 }];
    const report = await simulate({ streams, value: () => 1 }, { http: [{ kind: "tls", to: "5h" }], until: "12h" });
    expect(report.balanced).toBe(true);
    expect(report.server.points).toBeGreaterThan(300);
    expect(report.server.violations).toEqual([]);
  });

  test("a name that does not resolve is thrown", async () => {
    const lines = await printed(POST + joined("post()"), { dns: [{}] });
    expect(lines).toEqual(["thrown Unable to locate host"]);
  });

  test("without Wi-Fi a request throws at once", async () => {
    expect(await printed(`${POST} post();`)).toEqual(["thrown Unable to locate host"]);
  });

  test("100 Continue comes as the response", async () => {
    const lines = await post([{ kind: "continue" }]);
    expect(lines[0]).toBe('status string "100"');
  });

  test("garbage reaches the status", async () => {
    const lines = await post([{ kind: "garbage" }]);
    expect(lines[0]).toMatch(/^status string "/);
    expect(lines[0]).not.toContain("200");
  });

  test("a response cut short ends like a whole one", async () => {
    expect(await post([{ kind: "short" }])).toEqual(['status string "200"', 'data "OK"', "close false"]);
  });

  test("a connection that ends without an answer is error -15", async () => {
    expect(await post([{ kind: "lost" }])).toEqual(["error -15"]);
    expect(await post([{ kind: "reset", afterBytes: 10 }])).toEqual(["error -15"]);
  });

  test("a server that never answers is silent for ever, until clsNow closes the request", async () => {
    const fault: HttpFault[] = [{ kind: "silent" }];
    expect(await post(fault, "2h")).toEqual([]);
    const close = `post(function (req) { setTimeout(function () {
      var open = global["\\xFF"].HttpCC; print("open", open.length, open[0] === req); open[0].clsNow = true;
      setTimeout(function () { print("open", open.length); }, 100); }, 60000); });`;
    const lines = await printed(POST + joined(close), { http: fault, until: "4m" });
    expect(lines).toEqual(["open 1 true", "open 0"]);
  });

  test("a request that Wi-Fi leaves in the middle stays silent or breaks, by the seed", async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 12; seed++) {
      const lines = await printed(POST + joined("post()"), {
        seed,
        http: [{ kind: "late", delay: "60s" }],
        wifi: [{ kind: "gone", from: "20s" }],
        until: "3m",
      });
      seen.add(lines.join());
    }
    expect(seen).toEqual(new Set(["", "error -15"]));
  });

  test("takes 536 bytes a pass, then drains", async () => {
    const lines = await printed(
      joined(`var sent = 0, n = 0;
        var req = require("http").request({ host: "blynk.cloud", port: 80, path: "/", method: "POST", headers: { "Content-Length": 2000 } }, function () {});
        req.on("drain", function () { print("drain", n++); if (n === 1) { req.write("x".repeat(1000)); } });
        req.write("y".repeat(1000));`),
    );
    expect(lines).toEqual(["drain 0", "drain 1"]);
  });

  test("captive portals answer instead of the server", async () => {
    const simulation = await run(POST + joined("post()"), { http: [{ kind: "html" }] });
    expect(simulation.lines[0].text).toBe('status string "200"');
    expect(simulation.lines[1].text).toContain("<html>");
    expect(simulation.report.server.requests).toBe(0);
  });

  test("a fault strikes as often as it says, and only its pin", async () => {
    const twice = joined("post(); setTimeout(post, 20000);");
    const lines = await printed(POST + twice, { http: [{ kind: "lost", times: 1 }], until: "3m" });
    expect(lines).toEqual(["error -15", 'status string "200"', 'data "OK"', "close false"]);
    expect((await printed(POST + twice, { http: [{ kind: "lost", pin: "v2" }] }))[0]).toBe('status string "200"');
  });
});

describe("SNTP", () => {
  const ASK = `function ask() { var s = require("dgram").createSocket("udp4"), t0 = getTime();
      s.on("message", function (m, from) { print("stratum", m.charCodeAt(1), "ms", Math.round((getTime() - t0) * 1000), from.port); s.close(); });
      var p = String.fromCharCode(0x23); while (p.length < 48) p += String.fromCharCode(p.length);
      s.send(p, 0, 48, 123, "time.example"); }`;

  test("answers within two latencies, or not at all when blocked", async () => {
    const [line] = await printed(ASK + joined("ask()"));
    expect(line).toMatch(/^stratum 2 ms \d+ 123$/);
    expect(Number(line.split(" ")[3])).toBeLessThanOrEqual(2 * (400 + 20));
    expect(await printed(ASK + joined("ask()"), { ntp: [{ kind: "blocked" }] })).toEqual([]);
  });

  test("a datagram to a name that does not resolve vanishes without a word", async () => {
    expect(await printed(ASK + joined("ask()"), { dns: [{}] })).toEqual([]);
  });

  test("a server states its own error, and one without a time answers with stratum 0, leap indicator 3 and no code", async () => {
    const print = `print(m.charCodeAt(0) >> 6, m.charCodeAt(1), m.substr(3, 13).split("").map(function (c) { return c.charCodeAt(0); }).join());`;
    const program = ASK.replace(/print\(.*?from\.port\);/, print) + joined("ask()");
    expect(await printed(program)).toEqual(["0 2 236,0,0,2,0,0,0,3,0,192,0,2,1"]);
    const unsynchronized = await printed(program, { ntp: [{ kind: "unsynchronized" }] });
    expect(unsynchronized).toEqual(["3 0 236,0,0,2,0,0,0,3,0,0,0,0,0"]);
  });

  test("a server without timestamps answers with zeros, and with nothing else out of order", async () => {
    const print = `print(m.charCodeAt(0) >> 6, m.charCodeAt(1), m.substr(32).split("").map(function (c) { return c.charCodeAt(0); }).join(""));`;
    const program = ASK.replace(/print\(.*?from\.port\);/, print) + joined("ask()");
    expect(await printed(program, { ntp: [{ kind: "zero" }] })).toEqual([`0 2 ${"0".repeat(16)}`]);
  });

  test("kiss-of-death is stratum 0", async () => {
    const lines = await printed(ASK + joined("ask()"), { ntp: [{ kind: "kiss" }] });
    expect(lines[0]).toMatch(/^stratum 0/);
  });
});
