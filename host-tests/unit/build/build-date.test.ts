import { describe, expect, it } from "vitest";
import { buildDateMs } from "../../../scripts/build/build-firmware.ts";
import { bundleFirmware } from "../../../scripts/build/bundle.ts";

describe("the date of a build", () => {
  it("is SOURCE_DATE_EPOCH, where that is set to seconds, or now", () => {
    expect(buildDateMs("1790000000")).toBe(1_790_000_000_000);
    for (const unusable of [undefined, "", "soon"]) {
      expect(Math.abs(buildDateMs(unusable) - Date.now())).toBeLessThan(10_000);
    }
  });

  it("stands in the bundle, and is the same each time by default", async () => {
    const deviceSource = "export const device: any = { datastreams: [] };";
    const dated = await bundleFirmware({ deviceSource, buildMs: 1_790_000_000_123 });
    expect(dated.code).toContain("1790000000123");
    const first = await bundleFirmware({ deviceSource });
    expect((await bundleFirmware({ deviceSource })).code).toBe(first.code);
  });
});
