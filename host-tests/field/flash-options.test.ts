import { describe, expect, it } from "vitest";
import { TOKEN, WIFI_PASSWORD } from "../support/console/console-rig.ts";
import { deviceSource, runFlash, startFlashRig, writeDeviceFile } from "../support/console/flash-rig.ts";
import { expectNoSecret, storedSettings, writeUnitsFile } from "../support/console/provision-rig.ts";

const barn = (n: number, more: object = {}) => ({ unit: `barn ${n}`, token: TOKEN.slice(0, -1) + n, ...more });
const unitsFile = (...units: object[]) =>
  writeUnitsFile({ common: { networks: [{ ssid: "Barn", password: WIFI_PASSWORD }] }, units });

describe("flash --dry-run", () => {
  it("makes all checks and writes nothing", async () => {
    const rig = await startFlashRig();
    const written: string[] = [];
    rig.machine.storage.onWrite = (name) => written.push(name);
    const file = unitsFile(barn(1));
    const { status, text, out } = await runFlash(rig, writeDeviceFile(), "--dry-run", "--provision", file);
    expect(status, text).toBe(0);
    expect(out.at(-1)).toBe("✓ Dry run: all checks passed, and nothing was written.");
    expect(written).toEqual([]);
    expect(rig.machine.storage.list()).toEqual([]);
    expect(rig.machine.boots).toBe(1);
  });

  it("fails where flash would fail", async () => {
    const rig = await startFlashRig({ memory: { free: 600, total: 2000 } });
    const { status, text } = await runFlash(rig, writeDeviceFile(), "--dry-run");
    expect(status).toBe(1);
    expect(text).toContain("This build has 2000 variables");
  });
});

describe("flash --provision", () => {
  it("puts program and settings on the unit in one go", async () => {
    const rig = await startFlashRig();
    const { status, text } = await runFlash(
      rig,
      writeDeviceFile(),
      "--provision",
      `${unitsFile(barn(1), barn(2))}#barn2`,
    );
    expect(status, text).toBe(0);
    expect(storedSettings(rig)).toEqual({
      token: TOKEN.slice(0, -1) + 2,
      networks: [{ ssid: "Barn", password: WIFI_PASSWORD }],
    });
    expect(rig.machine.storage.read("backfill.0.ok")).toBeDefined();
    expectNoSecret(text);
  });

  it("says which units there are when none or an unknown one is named, and touches no device", async () => {
    const rig = await startFlashRig();
    const file = unitsFile(barn(1), barn(2));
    for (const ref of [file, `${file}#barn 3`]) {
      const { status, text } = await runFlash(rig, writeDeviceFile(), "--provision", ref);
      expect(status).toBe(1);
      expect(text).toContain("barn 1, barn 2");
    }
    expect(rig.machine.storage.list()).toEqual([]);
  });

  it("judges the board by the unit's own server, and refuses one that the firmware would not use", async () => {
    const idf3 = { state: { freeHeap: 30_800, sdkVersion: "v3.3.6" } };
    const rig = await startFlashRig(idf3);
    const proxy = unitsFile(barn(1, { server: "http://192.168.1.2:8080" }));
    const refused = await runFlash(rig, writeDeviceFile(), "--provision", proxy);
    expect(refused.text).toContain("is plain http, which the device file does not allow");
    expect(rig.machine.storage.list()).toEqual([]);
    const open = deviceSource({ url: "http://10.0.0.1" });
    expect((await runFlash(rig, writeDeviceFile(open), "--provision", proxy)).status).toBe(0);
    const tls = await runFlash(
      rig,
      writeDeviceFile(open),
      "--provision",
      unitsFile(barn(1, { server: "https://blynk.cloud" })),
    );
    expect(tls.status).toBe(1);
    expect(tls.text).toContain("server is https, which does not fit this board");
  });
});
