import { describe, expect, it } from "vitest";
import { buildFirmware } from "../../../scripts/build/build-firmware.ts";
import { BundleError } from "../../../scripts/build/bundle.ts";

function deviceThatRequires(name: string): string {
  return `export const device = {
    name: "x", datastreams: [{ pin: "v1", name: "x", sensor: (done: any) => done(require("${name}").read()), intervalMs: 60000, decimals: 1 }],
    server: { url: "https://blynk.cloud" }, timeServers: ["pool.ntp.org"], region: "flash" };`;
}

describe("a device file that requires a module", () => {
  it("is refused when no Espruino for ESP32 contains it, with file, line and what to do", async () => {
    const error = await buildFirmware({ deviceSource: deviceThatRequires("BH1750") }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(BundleError);
    expect(error.problems).toHaveLength(1);
    expect(error.problems[0]).toMatchObject({ line: 2, text: expect.stringContaining('require("BH1750")') });
    expect(error.problems[0].instead).toContain("import it");
  });

  it("is built when Espruino contains it", async () => {
    const { code } = await buildFirmware({ deviceSource: deviceThatRequires("neopixel") });
    expect(code).toContain('require("neopixel")');
  });
});
