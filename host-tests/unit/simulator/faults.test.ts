/** The faults of a script that reach the clock, the link, the flash and the program. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type HttpFault, type NtpFault, runSimulation, type Script } from "../../../scripts/simulator/simulate.ts";
import { joined, POST, printed, run } from "../../support/program.ts";

const START_MS = Date.UTC(2026, 0, 1);
const REGION = 0x310000;

describe("the Date of an answer", () => {
  const GET = `function get(path, body) {
    var req = require("http").request({ protocol: "http:", host: "blynk.cloud", port: 80, path: path, method: "POST",
      headers: { "Content-Length": (body || "").length } },
      function (res) { print(res.statusCode, Math.round((Date.parse(res.headers.Date) - global.simulated.trueMs()) / 60000)); });
    req.end(body);
  }`;
  const minutesOff = (http: HttpFault[], path = "/") => printed(GET + joined(`get("${path}")`), { http });

  test("is the true one, from the server and from a portal", async () => {
    expect(await minutesOff([])).toEqual(["200 0"]);
    expect(await minutesOff([{ kind: "html" }])).toEqual(["200 0"]);
  });

  test.each<[HttpFault["kind"], string]>([
    ["date", "200 360"],
    ["html", "200 360"],
    ["redirect", "302 360"],
    ["late", "404 360"],
  ])("is off by dateOffset in an answer of the kind %s", async (kind, line) => {
    expect(await minutesOff([{ kind, dateOffset: "6h", delay: 0 }])).toEqual([line]);
  });

  test("is all that the kind date changes: the server takes the points or refuses them as ever", async () => {
    const right = await run(POST + joined("post()"), { http: [{ kind: "date", dateOffset: "-1d" }] });
    expect(right.report.server).toMatchObject({ requests: 1, points: 1, violations: [] });
  });
});

describe("bodyHas", () => {
  test("lets a fault strike only the request whose body holds the text", async () => {
    const post = (bodyHas: string) => printed(POST + joined("post()"), { http: [{ kind: "lost", bodyHas }] });
    expect(await post(",1]]")).toEqual(["error -15"]);
    expect((await post(",2]]"))[0]).toBe('status string "200"');
  });
});

describe("networks", () => {
  const JOIN = `function join(ssid, password) { require("Wifi").connect(ssid, { password: password }, function (e) { print(ssid, e); }); }`;
  const barn = [{ ssid: "barn", password: "12345678" }];

  test("are those that the script adds, and a fault can take one of them", async () => {
    const both = `${JOIN} join("simulated", "correct horse"); setTimeout(function () { join("barn", "12345678"); }, 60000);`;
    const script: Script = { accessPoints: barn, wifi: [{ kind: "gone", ssid: "simulated" }] };
    expect(await printed(both, script)).toEqual(["simulated NO_AP_FOUND", "barn null"]);
    const other: Script = { accessPoints: barn, wifi: [{ kind: "gone", ssid: "barn" }] };
    expect(await printed(both, other)).toEqual(["simulated null", "barn NO_AP_FOUND"]);
  });

  test("can have no Internet, or a changed password, one at a time", async () => {
    const scan = `require("Wifi").scan(function (found) { print(found.map(function (one) { return one.ssid; }).join()); });`;
    expect(await printed(scan, { accessPoints: barn })).toEqual(["simulated,barn"]);
    const ask = `${JOIN}${POST} join("barn", "12345678"); setTimeout(post, 30000);`;
    const script = (ssid: string): Script => ({ accessPoints: barn, wifi: [{ kind: "no-internet", ssid }] });
    expect((await printed(ask, script("simulated")))[1]).toBe('status string "200"');
    expect((await printed(ask, script("barn")))[1]).toBe("thrown Unable to locate host");
  });
});

describe("a dead link", () => {
  const REJOIN = `require("Wifi").disconnect(); setTimeout(function () { ${joined("post()")} }, 5000);`;

  test("keeps its address and passes nothing, until the unit leaves and joins again", async () => {
    const simulation = await run(
      `${POST}${joined(`setTimeout(function () {
        print(require("Wifi").getStatus().station); post();
        setTimeout(function () { ${REJOIN} }, 60000);
      }, 30000)`)} require("Wifi").on("disconnected", function () { print("disconnected"); });`,
      { wifi: [{ kind: "dead", from: "20s", to: "40s" }], until: "4m" },
    );
    expect(simulation.lines.map((line) => line.text).slice(0, 4)).toEqual([
      "connected",
      "thrown Unable to locate host",
      "disconnected",
      'status string "200"',
    ]);
  });

  test("is the first that is made in the window, and only that one", async () => {
    const twice = `${POST}${joined(`post(); setTimeout(function () { ${REJOIN} }, 60000);`)}`;
    const lines = await printed(twice, { wifi: [{ kind: "dead", from: 0 }], until: "4m" });
    expect(lines.slice(0, 2)).toEqual(["thrown Unable to locate host", 'status string "200"']);
  });
});

describe("a smearing time server", () => {
  const ASK = `function ask() { var s = require("dgram").createSocket("udp4");
    s.on("message", function (m) { var n = 0; for (var i = 40; i < 44; i++) n = n * 256 + m.charCodeAt(i);
      print(Math.round((n - 2208988800) - global.simulated.trueMs() / 1000)); s.close(); });
    var p = String.fromCharCode(0x23); while (p.length < 48) p += String.fromCharCode(p.length);
    s.send(p, 0, 48, 123, "time.example"); }`;

  test("goes wrong evenly over 24 h, then stays so", async () => {
    const ntp: NtpFault[] = [{ kind: "lies", smear: "-240s", from: "1h", to: "40h" }];
    const asks = `${ASK}${joined("ask(); setInterval(ask, 6 * 3600000 + 600000)")}`;
    const off = (await printed(asks, { ntp, until: "42h", wifi: [] })).map(Number);
    // After 0, 6.17, 12.3, 18.5, 24.7, 30.8 and 37 h.
    const want = [0, -52, -113, -175, -237, -240, -240];
    for (let i = 0; i < want.length; i++) expect(Math.abs(off[i] - want[i])).toBeLessThanOrEqual(2);
  });
});

describe("a clock that is set", () => {
  const TIMER = `setTimeout(function () { print("timer", Math.round(getTime())); }, 30000);`;

  test("is set by the global setTime, so that what stands in its place is called", async () => {
    const lines = await printed(
      `var real = setTime; global.setTime = function (t) { print("told", t); real(t); }; ${TIMER}`,
      { setTime: [{ at: "10s", to: 1_700_000_000_000 }] },
    );
    expect(lines).toEqual(["told 1700000000", "timer 1700000021"]);
  });

  test("underneath brings the timers along, forwards and backwards", async () => {
    const to = (ms: number): Script => ({ setTime: [{ at: "10s", kind: "underneath", to: ms }], until: "9m" });
    expect(await printed(TIMER, to(1_700_000_000_000))).toEqual(["timer 1700000000"]);
    const simulation = await run(`setTimeout(function () { print(global.simulated.trueMs()); }, 30000);`, to(0));
    // 10 s by the old clock are run again.
    expect(Math.round((Number(simulation.lines[0].text) - START_MS) / 1000)).toBe(41);
  });
});

describe("harm to the flash", () => {
  const READ = `var flash = require("Flash"); function read(at) { return flash.read(1, ${REGION} + at)[0]; }
    flash.write([0, 0], ${REGION} + 4096);
    setTimeout(function () { print(read(4096), read(4097)); }, 60000);`;

  test.each<[string, NonNullable<Script["flash"]>, string]>([
    ["flips a bit of a byte", [{ at: "30s", kind: "flip", address: REGION + 4097, bit: 3 }], "0 8"],
    ["flips a bit of a page", [{ at: "30s", kind: "flip", page: 1, bit: 1 }], "2 0"],
    ["counts the bits on through the page", [{ at: "30s", kind: "flip", page: 1, bit: 8 }], "0 1"],
    ["blanks a page", [{ at: "30s", kind: "blank", page: 1 }], "255 255"],
  ])("%s", async (_what, flash, line) => {
    expect(await printed(READ, { flash })).toEqual([line]);
  });

  test("says so when the region has no such page", async () => {
    await expect(run("", { flash: [{ at: 0, kind: "blank", page: 16 }] })).rejects.toThrow("has 16 pages");
  });
});

describe("another device file", () => {
  test("runs from the next boot on, with the same flash", async () => {
    const source = (pin: string) => `export const device: any = { name: "x", region: "flash",
      datastreams: [{ pin: "${pin}", name: "n", intervalMs: 60000, decimals: 0, sensor: (done: any) => done(1) }],
      server: { url: "https://blynk.cloud" }, timeServers: ["a.example", "b.example"] };`;
    const file = join(mkdtempSync(join(tmpdir(), "device-")), "second.ts");
    writeFileSync(file, source("v2"));
    const { readings, report } = await runSimulation(
      { source: source("v1") },
      { devices: [{ at: "30m", file }], power: [{ at: "1h", kind: "cut" }], until: "3h", untilDrained: false },
    );
    expect(readings.get(1)?.trueMs.length).toBe(60);
    expect(readings.get(2)?.trueMs[0]).toBeGreaterThan(START_MS + 3_600_000);
    expect(report.balanced).toBe(true);
  });
});

describe("a slow chip", () => {
  test("takes longer for each read, program and erase of the flash, and for each callback", async () => {
    const time = `var flash = require("Flash"), t = getTime(); function took() { print(Math.round((getTime() - t) * 1000)); t = getTime(); }
      flash.read(4, ${REGION}); took(); flash.write([1], ${REGION}); took(); flash.erasePage(${REGION}); took();
      setTimeout(function () { t = getTime(); }, 1000); setTimeout(function () { took(); }, 1000);`;
    const cpu = { slowdown: 20, flashReadMs: 39, flashProgramMs: 3, eraseMs: 400 };
    expect(await printed(time, { cpu })).toEqual(["39", "3", "400", "20"]);
  });
});
