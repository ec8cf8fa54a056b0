import { expect, it } from "vitest";
import { chapters } from "./plan.ts";
import { runChapter } from "./protocol.ts";
import { FIRMWARE } from "./workload.ts";
import type { StorageCode } from "./world.ts";

/** Opens once and never again. */
function brokenStorage(): StorageCode {
  let opened = 0;
  return {
    openStorageWithBanks(...args) {
      if (++opened > 1) throw new Error("planted");
      return FIRMWARE.openStorageWithBanks(...args);
    },
  };
}

it.each([
  [0.1, "SIM_SEED=7 npm test -- host-tests/power-loss -t"],
  [1, "SIM_SEED=7 npm run test:deep -- host-tests/power-loss -t"],
])("names the command that comes to the same cut, at scale %d", (scale, command) => {
  const chapter = chapters(scale).find(({ title }) => title.includes("formats blank flash"));
  if (chapter === undefined) throw new Error("no such chapter");
  const tally = { cuts: 0, pairs: 0, triples: 0, seed: 7 };
  const run = () => runChapter(chapter, brokenStorage(), tally, scale);
  expect(run).toThrow(`${command} "${chapter.title}"\nSIM_SEED=7: `);
  expect(run).toThrow("planted");
});
