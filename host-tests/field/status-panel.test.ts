import { describe, expect, it } from "vitest";
import type { DeviceStatus } from "../../firmware/status-types.ts";
import { bar, formatStatus } from "../../scripts/console/terminal/status-panel.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";

describe("a bar", () => {
  it("always has 30 characters, also for values out of range", () => {
    expect([bar(0, 10), bar(10, 10), bar(20, 10), bar(-1, 10), bar(1, 0)].map((text) => text.length)).toEqual(
      Array(5).fill(30),
    );
    expect(bar(5, 10)).toBe(`${"█".repeat(15)}${"░".repeat(15)}`);
  });
});

describe("the status panel", () => {
  it("shows kept and bad pages when there are any", () => {
    const status: DeviceStatus = {
      ...{ version: "0.1.0", session: 1, rawMs: 1000, time: null, streams: [], quota: null, backlogClearsMs: 0 },
      ...{
        verdict: 0,
        verdictText: "everything sent",
        wifi: true,
        server: "https://blynk.cloud",
        memory: { used: 2000, total: 5000 },
        faults: [],
      },
      ring: { pages: 13, usedPages: 2, keptPages: 0, badPages: 0, mendedPages: 0, decayedPages: 0 },
    };
    expect(formatStatus(status, captureTerminal())).toMatch(/ 2 of 13 pages$/m);
    const damaged = { ...status, ring: { ...status.ring, keptPages: 3, badPages: 1 } };
    expect(formatStatus(damaged, captureTerminal())).toMatch(
      / 2 of 13 pages, 3 kept \(another format version\), 1 bad$/m,
    );
  });
});
