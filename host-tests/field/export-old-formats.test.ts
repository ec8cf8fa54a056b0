import { expect, test } from "vitest";
import { decimalText } from "../../firmware/storage/format/decimal.ts";
import { dumpRows } from "../support/console/dump-rows.ts";
import { IMAGE_NAMES, IMAGE_VERSIONS, readImage } from "../support/old-formats/images.ts";

test.each(IMAGE_VERSIONS.flatMap((version) => IMAGE_NAMES.map((name) => ({ version, name }))))(
  "exports a dump of format $version, $name, as the version that wrote it did",
  async ({ version, name }) => {
    const { bytes, contents } = readImage(version, name);
    const rows = await dumpRows(bytes);
    for (const stream of contents.streams) {
      const wanted = stream.trueMs.map((trueMs, i) => {
        const value = stream.values[i];
        return [
          String(trueMs ?? ""),
          value === null ? "" : decimalText(value, stream.decimals),
          stream.states[i],
        ].join();
      });
      const found = rows.filter((row) => row[0] === `v${stream.pin}`).map((row) => [row[2], row[4], row[5]].join());
      expect(found).toHaveLength(wanted.length);
      expect(found.findIndex((line, i) => line !== wanted[i])).toBe(-1);
    }
  },
);
