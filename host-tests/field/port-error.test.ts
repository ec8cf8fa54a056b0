import { describe, expect, it } from "vitest";
import { portError } from "../../scripts/console/transport/port-error.ts";

describe("a port that can't be opened", () => {
  it.each([
    ["Error: No such file or directory, cannot open /dev/ttyUSB0", /no port.*\bPlug the device in/s],
    ["Error: Opening COM3: File not found", /no port/],
    ["Error: Error: Permission denied, cannot open /dev/ttyUSB0", /You may not open.*dialout/s],
    ["Error: Error Resource temporarily unavailable Cannot lock port", /in use by another program/],
    ["Error: Opening COM3: Access denied", /in use by another program/],
    [
      "Error: Error: Inappropriate ioctl for device, cannot open /dev/null",
      /COM3 is not a serial port.*without --port/,
    ],
    ["Error: something new", /could not be opened: Error: something new/],
  ])("is explained: %s", (reason, expected) => {
    const error = portError("COM3", new Error(reason));
    expect(`${error.message} ${error.advice}`).toMatch(expected);
  });
});
