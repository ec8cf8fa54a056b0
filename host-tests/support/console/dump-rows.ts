import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { exportSamples } from "../../../scripts/export.ts";
import { captureTerminal } from "./captured-terminal.ts";
import { makeTempFolder } from "./temp-folder.ts";

/** The rows that `export --dump` gives for a chip, as cells. `more` are further arguments. */
export async function dumpRows(chip: Uint8Array, ...more: string[]): Promise<string[][]> {
  const path = join(makeTempFolder(), "flash.bin");
  writeFileSync(path, chip);
  const terminal = captureTerminal();
  expect(await exportSamples(["--dump", path, ...more], terminal), terminal.text()).toBe(0);
  expect(terminal.out[0]).toBe("pin,name,ts,iso,value,state,bound_ms");
  return terminal.out.slice(1).map((line) => line.split(","));
}
