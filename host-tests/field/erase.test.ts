import { describe, expect, it } from "vitest";
import { erase } from "../../scripts/erase.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { startRigWithFirmware, TOKEN, WIFI_PASSWORD } from "../support/console/console-rig.ts";
import { blankChip } from "../support/console/fake-machine.ts";
import { expectNoSecret, storedSettings } from "../support/console/provision-rig.ts";

const SETTINGS = JSON.stringify({ token: TOKEN, networks: [{ ssid: "Barn", password: WIFI_PASSWORD }] });
/** In the partition "storage", which begins at 0x320000 on the IDF3 build; across the border of two questions. */
const SECRET_AT = 0x320000 + 16384 * 3 - 7;

async function startProvisioned(flash = blankChip()) {
  const rig = await startRigWithFirmware({ flash });
  rig.machine.storage.write("backfill.json", Buffer.from(SETTINGS).toString("latin1"));
  rig.machine.storage.write("backfill.server", '["a","b"]');
  return rig;
}

describe("erase", () => {
  it("takes token, networks and server off a unit, and compacts what was erased", async () => {
    const rig = await startProvisioned();
    const terminal = captureTerminal();
    expect(await erase(["--port", rig.port, "--yes"], terminal), terminal.text()).toBe(0);
    expect(storedSettings(rig)).toBeNull();
    expect(rig.machine.storage.list()).toEqual([".bootcde"]);
    expect(rig.machine.storage.stats().trashBytes).toBe(0);
    expect(terminal.text()).toContain("6 samples are pending");
    expect(terminal.out[0]).toContain("2 secrets were searched for in the flash of Storage, and none is there");
    expectNoSecret(terminal.text());
  });

  it("fails when a secret is still readable in flash, as after a compaction that had no memory", async () => {
    const chip = blankChip();
    chip.set(Buffer.from(TOKEN), SECRET_AT);
    const rig = await startProvisioned(chip);
    const terminal = captureTerminal();
    expect(await erase(["--port", rig.port, "--yes"], terminal)).toBe(1);
    expect(terminal.text()).toContain("A secret is still in the board's flash");
    expectNoSecret(terminal.text());
  });

  it("erases nothing without a person's yes", async () => {
    const rig = await startProvisioned();
    expect(await erase(["--port", rig.port], captureTerminal())).toBe(1);
    expect(await erase(["--port", rig.port], captureTerminal({ answers: [false] }))).toBe(1);
    expect(storedSettings(rig).token).toBe(TOKEN);
  });
});
