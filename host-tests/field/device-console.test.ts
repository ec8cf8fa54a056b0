import { describe, expect, it } from "vitest";
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
    device.close();
    await expect(device.evaluate("1")).rejects.toThrow(/connection to the device was lost/);
  });
});
