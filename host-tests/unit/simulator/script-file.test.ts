import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { simulate } from "../../../scripts/simulate.ts";
import { readScript } from "../../../scripts/simulator/script-file.ts";
import { captureTerminal } from "../../support/console/captured-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "script-"));
let files = 0;

function file(content: unknown): string {
  const path = join(folder, `${++files}.json`);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

function complaint(content: unknown): string {
  try {
    readScript(file(content));
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

/** Every member of the contract once. */
const WHOLE = {
  scenario: "mine",
  seed: 7,
  start: "2026-03-01T00:00:00Z",
  offline: "1h",
  until: "9h",
  untilDrained: false,
  atLeast: 5,
  crystal: { driftPpm: -20, swingPpm: 3 },
  jitterMs: 2,
  latency: { minMs: 1, maxMs: 2, upExtraMs: 3, asymmetric: true },
  cpu: { slowdown: 12.7, flashReadMs: 39, flashProgramMs: 1, eraseMs: 90 },
  accessPoints: [{ ssid: "barn", password: "12345678" }],
  sameChance: false,
  wifi: [{ kind: "dead", ssid: "barn", from: "2h" }],
  dns: [{ from: 0, to: "1m" }],
  ntp: [{ kind: "lies", server: 1, share: 0.5, delay: "1s", offset: "-1h", smear: "1s", from: "2h", to: "3h" }],
  http: [
    { kind: "html", dateOffset: "-6h", bodyHas: "[[", pin: "v1", times: 2, share: 1, from: "1h", to: "2h" },
    { kind: "status", status: 500, body: "x", headers: { A: "b" }, stored: true, delay: 3, afterBytes: 9 },
  ],
  power: [{ at: "1h", kind: "cut", flashBytes: 3, off: "2m" }],
  devices: [{ at: "1h", file: "firmware/device.ts" }],
  flash: [
    { at: "1h", kind: "flip", address: 3211264, bit: 7 },
    { at: "1h", kind: "flip", page: 2, bit: 30000 },
    { at: "1h", kind: "blank", page: 0 },
  ],
  setTime: [
    { at: "1h", kind: "underneath", to: 0 },
    { at: "2h", offset: "3d" },
  ],
  press: [{ at: "1h", hold: 100 }],
  sensors: [{ kind: "nan", pin: "v1" }],
  server: {
    tokenKnownFrom: "1h",
    pins: ["v1"],
    refuseAbovePoints: 100,
    pointsPerDay: 500,
    url: "http://x",
    token: "t",
  },
  settings: { syncEveryMs: 5 },
};

describe("a script file", () => {
  test("takes every member of a script, unchanged", () => {
    expect(readScript(file(WHOLE))).toEqual(WHOLE);
    expect(readScript(file({}))).toEqual({});
  });

  test.each<[string, unknown, string]>([
    ["an unknown member", { offlin: "1h" }, 'the script: has no member "offlin": write scenario, seed'],
    [
      "an unknown member of a fault",
      { http: [{ kind: "html", x: 1 }] },
      'http[0]: has no member "x": write kind, from, to',
    ],
    ["an unknown kind", { wifi: [{ kind: "gon" }] }, 'wifi[0].kind: is "gon": write one of gone, wrong-password'],
    ["a duration without a unit", { offline: "60" }, 'offline: is "60": write a time of 0 or more: ms as a number'],
    ["a negative time", { power: [{ at: -5, kind: "cut" }] }, "power[0].at: is -5: write a time of 0 or more"],
    ["an object for a list", { ntp: { kind: "late" } }, 'ntp: is {"kind":"late"}: write a list, […]'],
    ["a number for an object", { cpu: 3 }, "cpu: is 3: write an object with slowdown, flashReadMs"],
    ["a share above 1", { http: [{ kind: "lost", share: 2 }] }, "http[0].share: is 2: write 0 to 1"],
    ["a member that is missing", { devices: [{ at: "1h" }] }, "devices[0].file: is nothing: write text in quotes"],
    ["a flip without its place", { flash: [{ at: 0, kind: "flip", bit: 1 }] }, "address or page, bit }"],
    ["a start that is none", { start: "soon" }, 'start: is "soon": write Unix ms, or 2026-01-01T00:00:00Z'],
    ["a start in no calendar", { start: "2026-02-30T00:00:00Z" }, "start: is"],
    ["a server that is no origin", { server: { url: "blynk" } }, 'server.url: is "blynk": write an origin such as'],
    ["no object at all", [], "the script: is []: write an object with"],
    ["no JSON", "{offline: 1}", "no JSON"],
  ])("says what is wrong, where, and what to write: %s", (_what, content, message) => {
    expect(complaint(content)).toContain(message);
  });

  test("that is not there is told in words", () => {
    expect(() => readScript("no-such.json")).toThrow(
      "--script: can't read no-such.json: there is no such file or folder",
    );
  });

  test("names every mistake at once", () => {
    expect(complaint({ offline: "x", seed: -1, nope: 1 }).split("\n")).toHaveLength(4);
  });

  test("runs on the command line beside --device and --seed, and prints the report", async () => {
    const script = file({ offline: "1h", until: "3h", seed: 5, http: [{ kind: "lost", share: 0.5, to: "2h" }] });
    const seen = captureTerminal();
    expect(await simulate(["--script", script, "--device", "firmware/device.ts", "--json"], seen)).toBe(0);
    expect(JSON.parse(seen.out[0])).toMatchObject({ scenario: "custom", seed: 5, balanced: true });
    const other = captureTerminal();
    expect(await simulate(["--script", script, "--seed", "6", "--json"], other)).toBe(0);
    expect(JSON.parse(other.out[0])).toMatchObject({ seed: 6 });
  });

  test("excludes a scenario, which has its own script", async () => {
    const seen = captureTerminal();
    expect(await simulate(["--script", file({}), "--scenario", "year"], seen)).toBe(1);
    expect(seen.err.join()).toContain("--script excludes --scenario");
  });
});
