import { describe, expect, it } from "vitest";
import { blankChip } from "../support/console/fake-machine.ts";
import { deviceSource, runFlash, startFlashRig, writeDeviceFile } from "../support/console/flash-rig.ts";
import { openRegionOf } from "../support/console/stored-region.ts";

/** A chip with pending samples of v1 and v3, both with one decimal. */
function chipWithPending(): Uint8Array {
  const chip = blankChip();
  const streams = [1, 3].map((pin) => ({ pin, intervalMs: 60000, decimals: 1 }));
  const { ledger, ring } = openRegionOf(chip, streams);
  ledger.boot(1, 1);
  ring.start(1);
  for (let i = 0; i < 50; i++) ring.append(1, 1000 + i * 60000, 200);
  for (let i = 0; i < 20; i++) ring.append(3, 1000 + i * 60000, 200);
  return chip;
}

describe("flash on a device with pending samples", () => {
  it.each([
    ["a pin removed", deviceSource(), /20 of v3 belong to a datastream that the device file no longer has/],
    ["decimals changed", deviceSource({ decimals: 2 }), /50 of v1 have another number of decimals/],
    [
      "the region changed",
      deviceSource({ region: "ota_0" }),
      /50 of v1 are in a region that the device file no longer names/,
    ],
  ])("refuses to leave pending samples behind without --discard: %s", async (_title, source, message) => {
    const deviceFile = writeDeviceFile(source);
    const chip = chipWithPending();
    const before = Buffer.from(chip);
    const rig = await startFlashRig({ flash: chip });
    const refused = await runFlash(rig, deviceFile);
    expect(refused.status).toBe(1);
    expect(refused.text).toMatch(message);
    expect(refused.text).toContain("npm run export");
    expect(rig.machine.storage.list()).toEqual([]);
    const discarded = await runFlash(rig, deviceFile, "--discard");
    expect(discarded.text).toMatch(message);
    expect(discarded.status).toBe(0);
    expect(before.equals(Buffer.from(chip)), "samples are untouched").toBe(true);
  });

  it("continues when the new device file keeps all datastreams with pending samples", async () => {
    const source = deviceSource().replace(
      "  ],",
      '    { pin: "v3", name: "x", sensor: custom(() => 1), intervalMs: 60000, decimals: 1 },\n  ],',
    );
    const rig = await startFlashRig({ flash: chipWithPending() });
    expect((await runFlash(rig, writeDeviceFile(source))).status).toBe(0);
  });
});
