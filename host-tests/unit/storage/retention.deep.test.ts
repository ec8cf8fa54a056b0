import { expect, it } from "vitest";
import { expectAllDated } from "./fixed-life.ts";

it("dates each pending sample of a session that met a clock, in any life of cuts, fixes and deliveries", () => {
  expect(expectAllDated(Number(process.env.LEDGER_RUNS ?? 100))).toBeGreaterThan(30);
});
