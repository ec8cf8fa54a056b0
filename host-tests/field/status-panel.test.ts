import { describe, expect, it } from "vitest";
import { bar } from "../../scripts/console/terminal/status-panel.ts";

describe("a bar", () => {
  it("always has 30 characters, also for values out of range", () => {
    expect([bar(0, 10), bar(10, 10), bar(20, 10), bar(-1, 10), bar(1, 0)].map((text) => text.length)).toEqual(
      Array(5).fill(30),
    );
    expect(bar(5, 10)).toBe(`${"█".repeat(15)}${"░".repeat(15)}`);
  });
});
