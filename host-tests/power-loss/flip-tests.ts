/** The flips as Vitest tests, by place: `step` says how many bits are left out. */
import { afterAll, expect, test } from "vitest";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { SEED } from "../support/region.ts";
import { LEDGER_BYTES, prelude, REGION_BYTES } from "./decaying-unit.ts";
import { everyBit, randomPairs, tryFlips, type When } from "./flips.ts";

const PLACES = [
  { name: "ledger", from: 0, to: LEDGER_BYTES },
  { name: "ring", from: LEDGER_BYTES, to: REGION_BYTES },
];

export function flipTests(when: When, step: number, pairs: number): void {
  const state = prelude();
  const random = createPrng(SEED + 21).next;
  let singles = 0;
  let doubles = 0;

  for (const { name, from, to } of PLACES) {
    test(`keeps its promises after any one bit of the ${name} turned over ${when}`, () => {
      const { tried, failures } = tryFlips(state, everyBit(from, to, step), when);
      singles += tried;
      expect(failures).toEqual({});
    });
  }

  test(`never wedges, invents a sample or exceeds the allowance after two bits turned over ${when}`, () => {
    const { tried, failures } = tryFlips(state, randomPairs(LEDGER_BYTES, REGION_BYTES, pairs, random), when);
    doubles += tried;
    expect(failures).toEqual({});
  });

  afterAll(() => {
    console.log(`flips tried ${when}: ${singles} single, ${doubles} double (SIM_SEED=${SEED})`);
  });
}
