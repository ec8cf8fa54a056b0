import { describe, expect, it } from "vitest";
import { flash } from "../../scripts/flash.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { deviceSource, runFlash, startFlashRig, writeDeviceFile } from "../support/console/flash-rig.ts";

describe("flash", () => {
  it("builds, uploads, restarts, and says what is logged where", async () => {
    const rig = await startFlashRig();
    const { status, text, out } = await runFlash(rig, writeDeviceFile(deviceSource({ second: true })));
    expect(text).toContain("Verified by CRC");
    expect(status).toBe(0);
    expect(out[0]).toBe("✓ backfill 0.1.0 runs and logs to flash, 64 kB at 0x310000:");
    expect(out[1]).toContain("v1  answer, every 1 min");
    expect(out[2]).toContain("v2  other, every 90 s");
    const stored = rig.machine.storage.read("backfill.0") ?? "";
    expect(stored).toContain("logging");
    expect(rig.machine.storage.list().sort()).toEqual([".bootcde", "backfill.0", "backfill.0.ok"]);
  });

  it("gets through although log lines of ESP-IDF come in between", async () => {
    const rig = await startFlashRig({ spoilQuestions: 2, spoilAnswers: 1 });
    const { status, text } = await runFlash(rig, writeDeviceFile());
    expect(status, text).toBe(0);
  });

  it("waits for a board that is busy", async () => {
    const rig = await startFlashRig({ deafFor: 1 });
    const { status, text } = await runFlash(rig, writeDeviceFile());
    expect(text).toContain("it may be busy connecting");
    expect(status).toBe(0);
  });

  it("opens a console that is locked by a password, and never shows the password", async () => {
    const rig = await startFlashRig({ password: "open 5esame" });
    const without = await runFlash(rig, writeDeviceFile());
    expect(without.status).toBe(1);
    expect(without.text).toContain("asks for a password");
    const wrong = captureTerminal({ env: { BACKFILL_CONSOLE_PASSWORD: "clo5e sesame" } });
    const args = ["--port", rig.port, "--device", writeDeviceFile()];
    expect(await flash(args, wrong)).toBe(1);
    expect(wrong.text()).toContain("refused the password");
    const right = captureTerminal({ env: { BACKFILL_CONSOLE_PASSWORD: "open 5esame" } });
    expect(await flash(args, right), right.text()).toBe(0);
    expect(wrong.text() + right.text()).not.toMatch(/5esame|clo5e/);
  });

  it("keeps the old program when the cable is unplugged, and says so", async () => {
    const rig = await startFlashRig();
    const deviceFile = writeDeviceFile();
    expect((await runFlash(rig, deviceFile)).status).toBe(0);
    rig.console.cutAfter(20000);
    const { status, text } = await runFlash(rig, deviceFile);
    expect(status).toBe(1);
    expect(text).toMatch(/connection to the device was lost.*samples in flash are untouched/s);
    rig.machine.boot();
    expect(rig.machine.printed.join()).toContain("backfill 0.1.0 logging");
  });
});
