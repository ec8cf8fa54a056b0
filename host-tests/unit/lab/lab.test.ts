/** The lab as its page uses it: time, branches, links, what can be taken home, and bad input. */
import { beforeEach, expect, test } from "vitest";
import { readLink } from "../../../scripts/lab/engine/link.ts";
import type { Action, Have, RunSource, View } from "../../../scripts/lab/protocol.ts";
import { simulate } from "../../../scripts/simulator/simulate.ts";
import { type LabRig, momentOf, NOTHING, startLab } from "../../support/lab/lab-rig.ts";

const HOUR_MS = 3_600_000;
const DAY: RunSource = {
  device: { kind: "file" },
  script: { scenario: "custom", seed: 3, offline: "3h", until: "1d" },
};

let lab: LabRig;
beforeEach(async () => {
  lab = await startLab();
});

const view = (run: "a" | "b" = "a", atMs?: number, have: Have = NOTHING): Promise<View> =>
  lab.ask({ ask: "view", run, atMs, have });

/** Asks for views, as the page does, until one is like this. */
async function viewWhere(isRight: (view: View) => boolean): Promise<View> {
  for (;;) {
    const found = await view();
    if (isRight(found)) return found;
    await new Promise((done) => setImmediate(done));
  }
}

test("knows the scenarios, and the device file by its name", async () => {
  const { scenarios, device } = await lab.ask({ ask: "hello" });
  expect(scenarios.length).toBeGreaterThan(40);
  expect(device).toEqual({ name: "logger", file: "firmware/device.ts" });
});

test("shows a run as it goes, and stands still when it is told to", async () => {
  const { streams, region, nowMs } = await lab.ask({ ask: "open", run: "a", source: DAY });
  expect([streams.map((one) => one.pin), region.pages, nowMs]).toEqual([["v1", "v2", "v3"], 16, 0]);
  await lab.ask({ ask: "play", run: "a", speed: Number.POSITIVE_INFINITY });
  await viewWhere(({ nowMs, playing }) => nowMs > HOUR_MS && playing);
  await lab.ask({ ask: "pause", run: "a" });
  const still = await view();
  expect([still.playing, still.pace]).toEqual([false, 0]);
  expect((await view()).nowMs).toBe(still.nowMs);
});

test("goes no faster than its speed", async () => {
  await lab.ask({ ask: "open", run: "a", source: DAY });
  const beganMs = performance.now();
  await lab.ask({ ask: "play", run: "a", speed: 1000 });
  const { nowMs } = await viewWhere((one) => one.nowMs > 20_000);
  expect(nowMs).toBeLessThanOrEqual((performance.now() - beganMs) * 1000);
  await lab.ask({ ask: "pause", run: "a" });
});

test("steps to the next thing that happens, and to the next sample", async () => {
  await lab.ask({ ask: "open", run: "a", source: DAY });
  await lab.ask({ ask: "run-to", run: "a", atMs: 60_000 });
  const before = await view();
  await lab.ask({ ask: "step", run: "a", to: "sample" });
  const sampled = await view();
  expect(sampled.totals.sampled).toBeGreaterThan(before.totals.sampled);
  expect(sampled.nowMs - before.nowMs).toBeLessThan(61_000);
  await lab.ask({ ask: "step", run: "a", to: "event" });
  const { timeline, nowMs } = await view();
  expect([timeline.at(-1)?.what, Math.abs(nowMs - 3 * HOUR_MS) < HOUR_MS]).toEqual(["wifi", true]);
});

test("ends as npm run simulate does", async () => {
  await lab.ask({ ask: "open", run: "a", source: DAY, toMs: Number.POSITIVE_INFINITY });
  const { report, pointsCsv, problems } = await lab.ask({ ask: "keep", run: "a" });
  const { wallMs: _, ...atDesk } = await simulate({ file: "firmware/device.ts" }, DAY.script);
  expect({ ...report, wallMs: undefined }).toEqual({ ...atDesk, wallMs: undefined });
  expect(problems).toEqual([]);
  expect(pointsCsv.split("\n").length).toBe(report.server.points + 2);
  const { ended, totals } = await view();
  expect([ended, totals.lost, totals.delivered]).toEqual(["drained", 0, report.server.points]);
});

test("says what a run would come to now, and goes on as if it had not", async () => {
  await lab.ask({ ask: "open", run: "a", source: DAY, toMs: 2 * HOUR_MS });
  const { report, scriptJson } = await lab.ask({ ask: "keep", run: "a" });
  const until = JSON.parse(scriptJson).until;
  expect(until).toBe(2 * HOUR_MS);
  const { wallMs: _, ...atDesk } = await simulate({ file: "firmware/device.ts" }, { ...DAY.script, until });
  expect({ ...report, wallMs: undefined }).toEqual({ ...atDesk, wallMs: undefined });
  await lab.ask({ ask: "run-to", run: "a", atMs: 5 * HOUR_MS });
  await lab.ask({ ask: "open", run: "b", source: DAY, toMs: 5 * HOUR_MS });
  expect(momentOf(await view("b"))).toEqual(momentOf(await view("a")));
});

test("goes on from a past moment as it went the first time", async () => {
  await lab.ask({ ask: "open", run: "a", source: DAY, toMs: 5 * HOUR_MS });
  const past = await view("a", 2 * HOUR_MS);
  const end = await view();
  await lab.ask({ ask: "rewind", run: "a", atMs: 2 * HOUR_MS });
  expect(momentOf(await view())).toEqual(momentOf(past));
  await lab.ask({ ask: "run-to", run: "a", atMs: 5 * HOUR_MS });
  expect(momentOf(await view())).toEqual(momentOf(end));
});

test("branches: from there on another fault, beside the run that it came from", async () => {
  await lab.ask({ ask: "open", run: "a", source: DAY, toMs: 5 * HOUR_MS });
  await lab.ask({ ask: "branch", from: "a", to: "b", atMs: 2 * HOUR_MS });
  const acted = await lab.ask({ ask: "act", run: "b", action: { do: "end-offline" } });
  expect([acted.source.script.offline, acted.atMs]).toEqual([2 * HOUR_MS + 1, 2 * HOUR_MS + 1]);
  await lab.ask({ ask: "run-to", run: "b", atMs: 2.5 * HOUR_MS });
  const [a, b] = [await view("a", 2.5 * HOUR_MS), await view("b")];
  expect([a.totals.delivered, b.totals.delivered > 300, b.wifi.joined]).toEqual([0, true, "simulated"]);
});

test("tears the next flash operation, and loses nothing", async () => {
  await lab.ask({ ask: "open", run: "a", source: DAY, toMs: HOUR_MS });
  await lab.ask({ ask: "act", run: "a", action: { do: "cut-in-flash" } });
  await lab.ask({ ask: "run-to", run: "a", atMs: HOUR_MS + 70_000 });
  const { timeline, boots, totals, status } = await view();
  expect(timeline.filter((one) => one.what === "power").map((one) => one.on)).toEqual([true, false, true]);
  expect([boots, totals.lost, status?.balanced]).toEqual([2, 0, true]);
});

test("gives the page only what it does not have yet", async () => {
  await lab.ask({ ask: "open", run: "a", source: DAY, toMs: 4 * HOUR_MS });
  const whole = await view();
  const have: Have = { readings: { v1: 100 }, points: { v1: 50 }, timeline: whole.timeline.length, lines: 5 };
  const rest = await view("a", undefined, have);
  const [first, second] = rest.streams;
  expect([first.readings.from, first.points.from, second.readings.from]).toEqual([100, 50, 0]);
  expect(first.readings.trueMs).toEqual(whole.streams[0].readings.trueMs.slice(100));
  expect([rest.timeline.length, rest.lines]).toEqual([0, whole.lines.slice(5)]);
});

test("puts all of a run into a link", async () => {
  const source: RunSource = { ...DAY, script: { ...DAY.script, http: [{ kind: "html", from: "4h" }] } };
  const { hash } = await lab.ask({ ask: "open", run: "a", source });
  expect(await lab.ask({ ask: "read-link", hash: hash ?? "" })).toEqual(source);
  expect(await readLink(`#${hash}`)).toEqual(source);
});

test("says that a long recording fits no link", async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => `${1_700_000_000 + 60 * i},${Math.sin(i * i) * 50}`);
  const csv = `time,t\n${rows.join("\n")}\n`;
  const source: RunSource = { device: { kind: "recording", fileName: "t.csv", csv }, script: { seed: 1 } };
  expect((await lab.ask({ ask: "open", run: "a", source })).hash).toBeUndefined();
});

const act = (action: Action) => lab.ask({ ask: "act", run: "a", action });
const opened = (source: unknown) => lab.ask({ ask: "open", run: "a", source: source as RunSource });

test.each<[string, () => Promise<unknown>, RegExp]>([
  ["a link that was cut off", () => lab.ask({ ask: "read-link", hash: "1.q1bKL0" }), /damaged.*copy it whole/],
  ["a link of another page", () => lab.ask({ ask: "read-link", hash: "top" }), /none of this page/],
  ["a link of a newer page", () => lab.ask({ ask: "read-link", hash: "7.abc" }), /newer version/],
  ["no JSON", () => lab.ask({ ask: "parse", json: "{" }), /the script: no JSON/],
  [
    "an unknown kind",
    () => opened({ ...DAY, script: { wifi: [{ kind: "slow" }] } }),
    /wifi\[0\].kind: is "slow": write one of/,
  ],
  [
    "device files",
    () => opened({ ...DAY, script: { devices: [{ at: 1, file: "x.ts" }] } }),
    /page can't read.*npm run/,
  ],
  ["a real server", () => opened({ ...DAY, script: { server: { url: "http://x", token: "t" } } }), /needs sockets/],
  [
    "an unknown scenario",
    () => lab.ask({ ask: "scenario", name: "moon", seed: 1 }),
    /unknown scenario "moon": choose one/,
  ],
  [
    "a CSV without time",
    () => opened({ device: { kind: "recording", fileName: "t.csv", csv: "a,b\n1,2" }, script: {} }),
    /t.csv, line 1.*"time"/,
  ],
  ["a run that is not there", () => view("b"), /no run b/],
  ["no such speed", () => lab.ask({ ask: "play", run: "a", speed: -1 }), /above 0/],
  ["no such moment", () => lab.ask({ ask: "run-to", run: "a", atMs: Number.NaN }), /NaN is no moment/],
  ["the end of nothing", () => act({ do: "end", list: "http", index: 0 }), /http has no entry 0/],
  ["a page that is not there", () => act({ do: "blank", page: 99 }), /page 99.*16 pages/],
  ["an unknown fault", () => act({ do: "begin", list: "http", entry: { kind: "fire" } }), /is "fire": write one of/],
  ["an unknown action", () => act({ do: "dance" } as unknown as Action), /unknown action "dance"/],
])("refuses %s with a sentence, and goes on", async (_, ask, sentence) => {
  await opened(DAY);
  await expect(ask()).rejects.toThrow(sentence);
  const { source } = await act({ do: "press" });
  expect(source).toEqual({ ...DAY, script: { ...DAY.script, press: [{ at: 1 }] } });
});
