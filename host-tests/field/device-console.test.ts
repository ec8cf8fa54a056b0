import { describe, expect, it } from "vitest";
import { FieldError } from "../../scripts/console/terminal/field-error.ts";
import { restartFirmware } from "../../scripts/console/unit/restart.ts";
import { startRig } from "../support/console/console-rig.ts";

describe("a device's console", () => {
  it("does not take a late answer for the answer to the next question", async () => {
    const rig = await startRig();
    const device = await rig.open();
    // A late answer to another question.
    rig.machine.onPrint('\x10\x01\x00\x09"#99#x"""');
    expect(await device.evaluate("6*7")).toBe(42);
    expect(await device.evaluate('"ü\\u0001\\"x"')).toBe('ü\u0001"x');
    await expect(device.evaluate("nothing.there")).rejects.toThrow(/nothing is not defined/);
    await device.close();
    await expect(device.evaluate("1")).rejects.toThrow(/connection to the device was lost/);
  });

  it("asks again when a log line of ESP-IDF spoils a question or its answer", async () => {
    for (const spoiled of [{ spoilQuestions: 3 }, { spoilAnswers: 3 }]) {
      const rig = await startRig(spoiled);
      const device = await rig.open();
      expect(await device.evaluate('"a long answer, so that a line fits into it"')).toMatch(/^a long answer/);
      expect((await device.evaluateBytes('"abc"')).toString()).toBe("abc");
      device.close();
    }
  });

  it("gives up, and says what may be the cause, when every question is spoiled", async () => {
    const rig = await startRig({ spoilQuestions: 100 });
    const device = await rig.open();
    await expect(device.evaluate("1")).rejects.toThrow("The device refused a question 4 times and gave no reason.");
    device.close();
  });

  it("tells why a program died at its start: the first reason, whole, before the last lines, and no carets", async () => {
    const rig = await startRig();
    // As over a cable, which a restart does not cut.
    rig.machine.onRestart = () => {};
    const reason = `Uncaught ReferenceError: "${"x".repeat(150)}" is not defined`;
    const printed = [
      reason,
      " at line 1 col 14829",
      "...var a=thing;",
      "         ^",
      "",
      "Uncaught Error: later",
      "ready",
    ];
    rig.machine.boot = () => rig.machine.evaluate(`print(${JSON.stringify(printed.join("\n"))})`);
    const device = await rig.open();
    const restarted = restartFirmware(device, {
      reconnect: () => Promise.reject(new FieldError("gone", "")),
      timeoutMs: 600,
      retryMs: 100,
    });
    const error = await restarted.catch((caught) => caught);
    expect(error.message.split("\n")).toEqual([
      "The firmware did not report after the restart. It ended with:",
      `    ${reason}`,
      "  The device's last lines:",
      "     at line 1 col 14829",
      "    Uncaught Error: later",
      "    ready",
    ]);
  });

  it("tells of a syntax error at load at once, with its places, and without waiting for a report", async () => {
    const rig = await startRig();
    rig.machine.onRestart = () => {};
    const printed = [
      "Uncaught SyntaxError: Got delete expected '}'",
      " at line 1 col 9",
      "class A{delete(){}}",
      "        ^",
    ];
    rig.machine.boot = () => rig.machine.evaluate(`print(${JSON.stringify(printed.join("\n"))})`);
    const device = await rig.open();
    const reconnect = () => Promise.reject(new Error("there is nothing to wait for"));
    const error = await restartFirmware(device, { reconnect, timeoutMs: 60_000 }).catch((caught) => caught);
    expect(error.message.split("\n")).toEqual([
      "The interpreter found a syntax error in the program:",
      "    SyntaxError: Got delete expected '}'",
      "    at line 1 col 9",
    ]);
    expect(error.advice).toMatch(/does not run.*flash again/);
  });
});
