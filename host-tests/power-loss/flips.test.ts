import { expect, test } from "vitest";
import { type Misread, prelude } from "./decaying-unit.ts";
import { flipTests } from "./flip-tests.ts";
import { liveOn } from "./flips.ts";

// A prime, so that all bits of a byte have their turn. Every bit in the deep tests.
flipTests("at rest", 211, 40);
flipTests("while running", 211, 40);

test("loses and forgets nothing when one read of the ring is answered wrongly", () => {
  const state = prelude();
  const reads = liveOn(state, [], "at rest");
  const answers: Misread["answer"][] = ["one bit", 0, 0xff];
  for (let read = 0; read < reads; read += 3) {
    const answer = answers[(read / 3) % answers.length];
    try {
      liveOn(state, [], "at rest", { misread: { read, answer } });
    } catch (error) {
      expect.fail(`read ${read} of ${reads}, answered ${answer}: ${(error as Error).message}`);
    }
  }
});
