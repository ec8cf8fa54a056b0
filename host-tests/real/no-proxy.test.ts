/** A way on which nothing of a request arrives. It needs no daemon. */
import { describe, test } from "vitest";
import { expectNothingLost, live, NOWHERE, startBlynk } from "./life.ts";

describe("the day's allowance", () => {
  test("is not charged for refused connections", async () => {
    const server = await startBlynk();
    expectNothingLost(await live({ server, wrong: NOWHERE }));
  });
});
