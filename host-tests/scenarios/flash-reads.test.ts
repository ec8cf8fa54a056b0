import { expect, it } from "vitest";
import { readsPerSample } from "../../scripts/bench/flash-reads.ts";

it("reads the flash at most 1.2 times a sample over a week offline, the read-back of each append included", async () => {
  expect(await readsPerSample()).toBeLessThanOrEqual(1.2);
});
