import { describe } from "vitest";
import { findProgram } from "./daemon.ts";

/** `describe` for tests that need these daemons. Without one they are skipped, and the console says so. */
export function describeDaemons(programs: string[], title: string, body: () => void): void {
  const missing = programs.filter((name) => findProgram(name) === undefined);
  if (missing.length > 0) {
    const packages = missing.map((name) => PACKAGES[name] ?? name).join(" ");
    console.warn(`SKIPPED: no ${missing.join(", no ")} for "${title}". On Debian: apt-get install ${packages}`);
  }
  describe.skipIf(missing.length > 0)(title, body);
}

const PACKAGES: Record<string, string> = { nginx: "nginx-light", chronyd: "chrony" };
