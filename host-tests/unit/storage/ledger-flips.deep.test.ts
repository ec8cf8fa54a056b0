import { it } from "vitest";
import { expectSameWithOneFlip } from "./flipped-ledger.ts";

it("says the same with any one bit of its bank flipped, each in turn", { timeout: 300_000 }, () => {
  expectSameWithOneFlip(() => [0, 1, 2, 3, 4, 5, 6, 7]);
});
