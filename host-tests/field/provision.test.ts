import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { provision } from "../../scripts/provision.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import {
  type ConsoleRig,
  startRig,
  startRigWithFirmware,
  TOKEN,
  WIFI_PASSWORD,
} from "../support/console/console-rig.ts";
import {
  expectNoSecret,
  OTHER_WIFI_PASSWORD,
  storedSettings,
  writeUnitsFile,
} from "../support/console/provision-rig.ts";
import { makeTempFolder } from "../support/console/temp-folder.ts";

let rig: ConsoleRig;
beforeEach(async () => {
  rig = await startRigWithFirmware();
});

describe("provision", () => {
  it("stores the given settings, restarts the firmware, and shows no secret", async () => {
    const terminal = captureTerminal();
    const status = await provision(
      [
        "--port",
        rig.port,
        "--ssid",
        "Barn",
        "--wifi-password",
        WIFI_PASSWORD,
        "--ssid",
        "Café",
        "--wifi-password",
        "",
        "--token",
        TOKEN,
      ],
      terminal,
    );
    expect(terminal.text()).toContain("has started with the new settings");
    expect(status).toBe(0);
    expect(storedSettings(rig)).toEqual({
      token: TOKEN,
      networks: [
        { ssid: "Barn", password: WIFI_PASSWORD },
        { ssid: "Café", password: "" },
      ],
    });
    expect(rig.machine.boots).toBe(2);
    expectNoSecret(terminal.text());
  });

  it("takes secrets from the environment", async () => {
    const env = { BACKFILL_TOKEN: TOKEN, BACKFILL_SSID: "Barn", BACKFILL_WIFI_PASSWORD: WIFI_PASSWORD };
    const terminal = captureTerminal({ env });
    expect(await provision(["--port", rig.port], terminal)).toBe(0);
    expect(storedSettings(rig).token).toBe(TOKEN);
    expectNoSecret(terminal.text());
  });

  it("changes the Wi-Fi password and keeps all other settings", async () => {
    const first = [
      "--port",
      rig.port,
      "--ssid",
      "Barn",
      "--wifi-password",
      WIFI_PASSWORD,
      "--token",
      TOKEN,
      "--server",
      "https://fra1.blynk.cloud/",
    ];
    expect(await provision(first, captureTerminal())).toBe(0);
    const terminal = captureTerminal();
    expect(
      await provision(["--port", rig.port, "--ssid", "Barn", "--wifi-password", OTHER_WIFI_PASSWORD], terminal),
    ).toBe(0);
    expect(storedSettings(rig)).toEqual({
      token: TOKEN,
      networks: [{ ssid: "Barn", password: OTHER_WIFI_PASSWORD }],
      server: "https://fra1.blynk.cloud",
    });
    expectNoSecret(terminal.text());
  });

  it("asks a person for missing settings, and again after a wrong answer", async () => {
    const terminal = captureTerminal({ answers: ["Barn", "short", WIFI_PASSWORD, false, "no token", TOKEN] });
    expect(await provision(["--port", rig.port], terminal)).toBe(0);
    expect(storedSettings(rig)).toEqual({ token: TOKEN, networks: [{ ssid: "Barn", password: WIFI_PASSWORD }] });
    expect(terminal.text()).toContain("fewer than 8 characters");
    expectNoSecret(terminal.text());
  });

  it("provisions several units from one file, each on its port", async () => {
    const second = await startRig();
    const units = [
      { unit: "barn 1", port: rig.port, token: TOKEN },
      { unit: "barn 2", port: second.port, token: `${TOKEN}b`, server: "https://lon1.blynk.cloud" },
    ];
    const path = writeUnitsFile({ common: { networks: [{ ssid: "Barn", password: WIFI_PASSWORD }] }, units });
    const terminal = captureTerminal();
    expect(await provision(["--file", path], terminal)).toBe(0);
    expect(storedSettings(rig).networks).toHaveLength(1);
    expect(JSON.parse(second.machine.storage.read("backfill.json") ?? "").server).toBe("https://lon1.blynk.cloud");
    expect(terminal.text()).toContain("No firmware runs on this device yet");
    expectNoSecret(terminal.text());
  });

  it("leaves nothing on this computer", async () => {
    const folder = makeTempFolder();
    const before = listing(folder);
    await provision(
      ["--port", rig.port, "--ssid", "Barn", "--wifi-password", WIFI_PASSWORD, "--token", TOKEN],
      captureTerminal(),
    );
    expect(listing(folder)).toEqual(before);
  });

  it("says that the settings did not arrive whole when the device lost a write, and confirms nothing", async () => {
    rig.machine.storage.cutAfter(50);
    const terminal = captureTerminal();
    expect(
      await provision(
        ["--port", rig.port, "--ssid", "Barn", "--wifi-password", WIFI_PASSWORD, "--token", TOKEN],
        terminal,
      ),
    ).toBe(1);
    expect(terminal.text()).toContain("did not arrive whole");
    expect(terminal.out).toEqual([]);
    expectNoSecret(terminal.text());
  });
});

function listing(path: string): string[] {
  return readdirSync(path).map(
    (name) => `${name} ${statSync(join(path, name)).size} ${readFileSync(join(path, name))}`,
  );
}
