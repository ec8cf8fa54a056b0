import { expect, test } from "vitest";
import { historyDevice, maxUncertaintyMs } from "./history.ts";
import { HISTORY_BUGS, plantBug } from "./history-bugs.ts";
import { judgeHistory } from "./history-judge.ts";

/** A bug that so many histories miss would slip through what CI runs, too. */
const HISTORIES = 100;

for (const bug of HISTORY_BUGS) {
  test(`histories catch a planted bug: ${bug.name}`, async () => {
    const programs = new Map<number, Awaited<ReturnType<typeof plantBug>>>();
    for (let seed = 1; seed <= 3; seed++) {
      const maxMs = maxUncertaintyMs(seed);
      programs.set(maxMs, await plantBug(bug, historyDevice(maxMs)));
    }
    let caught: string[] = [];
    let seed = 0;
    while (caught.length === 0 && seed < HISTORIES) {
      const program = programs.get(maxUncertaintyMs(++seed));
      if (program) caught = await judgeHistory(seed, () => program);
      // It is the bug that is caught, not the history.
      if (caught.length > 0 && (await judgeHistory(seed)).length > 0) caught = [];
    }
    console.log(`${bug.name}: history ${seed}: ${caught[0]}`);
    expect(caught.length).toBeGreaterThan(0);
  });
}
