import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type ConsoleRig, TOKEN, WIFI_PASSWORD } from "./console-rig.ts";
import { makeTempFolder } from "./temp-folder.ts";

export const OTHER_WIFI_PASSWORD = "An0ther pa55word";

/** A file for `provision --file`; removed at the end of the running test. */
export function writeUnitsFile(content: unknown): string {
  const path = join(makeTempFolder(), "units.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** The settings on the device; null when there are none. */
export function storedSettings(rig: ConsoleRig) {
  return JSON.parse(Buffer.from(rig.machine.storage.read("backfill.json") ?? "null", "latin1").toString());
}

/** No token, password or login of these tests is in the output. */
export function expectNoSecret(output: string): void {
  for (const secret of [TOKEN, WIFI_PASSWORD, OTHER_WIFI_PASSWORD, "me:secret"]) expect(output).not.toContain(secret);
}
