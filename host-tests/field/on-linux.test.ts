import { tmpdir } from "node:os";
import { afterEach, expect, it, vi } from "vitest";
import { captureTerminal } from "../support/console/captured-terminal.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

it.each([
  ["", "ESPRUINO names no interpreter"],
  ["/no/such/espruino", "ESPRUINO names /no/such/espruino, which is no program"],
  [tmpdir(), "which is no program"],
  [process.execPath, "does not store a program as Espruino for Linux does"],
])("on-linux says what to do when ESPRUINO is %j", async (path, message) => {
  vi.stubEnv("ESPRUINO", path);
  vi.resetModules();
  const { onLinux } = await import("../../scripts/on-linux.ts");
  const terminal = captureTerminal();
  expect(await onLinux([], terminal)).toBe(1);
  expect(terminal.text()).toContain(message);
  expect(terminal.text()).toContain("ESPRUINO=PATH npm run on-linux");
});
