import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const folder = mkdtempSync(join(tmpdir(), "simulate-"));
const csv = join(folder, "room.csv");
writeFileSync(csv, "time,temperature\n2026-01-01T00:00:00Z,20.5\n2026-01-01T00:01:00Z,oops\n");

test.each([
  [["--scenario", "nope"], 'unknown scenario "nope". There are: week-offline'],
  [["--data", join(folder, "none.csv")], "no such file"],
  [["--data", csv, "--streams", "temperature=v1:1"], 'line 3: "oops" in column "temperature" is no number'],
  [["--data", csv, "--streams", "humidity=v1:1"], 'no column "humidity"'],
  [["--data", csv, "--streams", "temperature=v256:1"], '"v256" is no pin'],
  [["--data", csv, "--streams", "temperature=v1:1,temperature=v1:0"], "two datastreams for pin v1"],
  [["--data", csv, "--every", "0s"], "the shortest interval"],
  [["--data", csv, "--every", "-5s"], "can't be negative"],
  [["--frequency", "5"], "unknown option '--frequency'"],
])(
  "says what is wrong and exits with 1, without a stack trace (%j)",
  (args, message) => {
    const done = spawnSync(process.execPath, ["--import", "tsx", "scripts/simulate.ts", "--json", ...args], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(done.stderr).toContain(message);
    expect(done.stderr).not.toMatch(/\n\s+at /);
    expect(done.stdout).toBe("");
    expect(done.status).toBe(1);
  },
  30_000,
);
