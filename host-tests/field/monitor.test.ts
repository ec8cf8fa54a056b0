import { describe, expect, it } from "vitest";
import { monitor } from "../../scripts/monitor.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { startRig, startRigWithFirmware } from "../support/console/console-rig.ts";

/** Runs the monitor until a line matches, then ends it. */
function watch(port: string) {
  const stop = new AbortController();
  const waiting: { pattern: RegExp; done: () => void }[] = [];
  const lines: string[] = [];
  const take = (line: string) => {
    lines.push(line);
    for (const one of [...waiting]) {
      if (!one.pattern.test(line)) continue;
      waiting.splice(waiting.indexOf(one), 1);
      one.done();
    }
  };
  const terminal = { ...captureTerminal({ stop: stop.signal }), print: take, remark: take };
  const ended = monitor(["--port", port, "--every", "1000"], terminal);
  return {
    lines,
    until: (pattern: RegExp) => new Promise<void>((done) => waiting.push({ pattern, done })),
    end: () => {
      stop.abort();
      return ended;
    },
  };
}

describe("monitor", () => {
  it("shows the status with bars for the ring and the day's allowance", async () => {
    const rig = await startRigWithFirmware();
    const terminal = captureTerminal();
    expect(await monitor(["--port", rig.port, "--once"], terminal)).toBe(0);
    expect(terminal.text()).toContain("backfill 0.1.0");
    expect(terminal.text()).toMatch(/ring {7}█+░+ 2 of 13 pages/);
    expect(terminal.text()).toMatch(/allowance {2}█+░+ 1000 of 10000 points today, 290 requests left/);
    expect(terminal.text()).toContain("not known yet");
  });

  it("prints the status as JSON", async () => {
    const rig = await startRigWithFirmware();
    const terminal = captureTerminal();
    expect(await monitor(["--port", rig.port, "--once", "--json"], terminal)).toBe(0);
    expect(JSON.parse(terminal.out.join())).toMatchObject({ version: "0.1.0", streams: [{ pin: "v1", pending: 6 }] });
  });

  it("says that no firmware runs, and what to do, with exit status 1", async () => {
    const rig = await startRig();
    const terminal = captureTerminal();
    expect(await monitor(["--port", rig.port, "--once"], terminal)).toBe(1);
    expect(terminal.err.join("\n")).toMatch(/No firmware runs on this device\..*npm run flash/s);
    expect(terminal.out).toEqual([]);
  });

  it("prints an error as JSON when no firmware runs, with exit status 1", async () => {
    const rig = await startRig();
    const terminal = captureTerminal();
    expect(await monitor(["--port", rig.port, "--once", "--json"], terminal)).toBe(1);
    expect(terminal.out).toHaveLength(1);
    expect(JSON.parse(terminal.out[0])).toEqual({
      error: { message: "No firmware runs on this device.", advice: expect.stringContaining("npm run flash") },
    });
    expect(terminal.err.join("\n")).toMatch(/No firmware runs on this device\..*npm run flash/s);
  });

  it("shows log lines as they come, and connects again after the cable was unplugged", async () => {
    const rig = await startRigWithFirmware();
    const watched = watch(rig.port);
    await watched.until(/last sync/);
    const logged = watched.until(/^\[warn\] v1: no answer/);
    rig.machine.evaluate('print("[warn] v1: no answer")');
    await logged;
    const again = watched.until(/Connected again/);
    rig.console.disconnect();
    await again;
    const after = watched.until(/^\[info\] here I am/);
    rig.machine.evaluate('print("[info] here I am")');
    await after;
    expect(await watched.end()).toBe(0);
    expect(watched.lines.join("\n")).toContain("is gone; waiting for it");
  });

  it("refuses --sync when no firmware runs", async () => {
    const rig = await startRig();
    const terminal = captureTerminal();
    expect(await monitor(["--port", rig.port, "--once", "--sync"], terminal)).toBe(1);
    expect(terminal.text()).toMatch(/No firmware runs on this device.*npm run flash/s);
  });

  it("starts a sync with --sync", async () => {
    const rig = await startRigWithFirmware();
    const terminal = captureTerminal();
    expect(await monitor(["--port", rig.port, "--once", "--sync"], terminal)).toBe(0);
    expect(rig.machine.printed).toContain("[info] sync");
  });
});
