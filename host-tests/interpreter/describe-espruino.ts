import { describe } from "vitest";
import { ESPRUINO } from "../../scripts/interpreter/interpreter.ts";

if (ESPRUINO === "") {
  console.warn(
    "SKIPPED: no real interpreter. Set ESPRUINO=/path/to/espruino (a Linux build of Espruino 2v29 or later).",
  );
}

/** `describe` for tests that need the interpreter; without one they are skipped, and the console says so once. */
export const describeEspruino = describe.skipIf(ESPRUINO === "");
