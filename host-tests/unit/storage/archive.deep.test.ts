import { it } from "vitest";
import { expectNoneLost } from "./stored-life.ts";

it("loses no needed fix and dates open attempts alike in 60 long lives", { timeout: 300_000 }, () => {
  expectNoneLost(1, false, 250, 30);
  expectNoneLost(2, true, 500, 30);
});
