/** The histories that a test run covers: 2,000 in all, dealt out to several files so that every core has some. */
import { expect, test } from "vitest";
import { judgeHistory } from "./history-judge.ts";

/** `npm test` covers histories 1 to 40, `npm run test:deep` the rest. */
const QUICK_LAST = 40;
/** SIM_HISTORIES=10000 covers more. */
const DEEP_LAST = Number(process.env.SIM_HISTORIES ?? 2000);
/** Histories of one test. */
const CHUNK = 20;

/** File `file` of `files`, from 1. With SIM_SEED the first file runs that history, and no other. */
export function quickHistories(file: number, files: number): void {
  const only = process.env.SIM_SEED;
  if (only === undefined) histories(1, QUICK_LAST, file, files);
  else if (file === 1) histories(Number(only), Number(only), 1, 1);
  else test.skip(`SIM_SEED=${only} runs in the first file`);
}

export function deepHistories(file: number, files: number): void {
  const only = process.env.SIM_SEED;
  if (only === undefined) histories(QUICK_LAST + 1, DEEP_LAST, file, files);
  else test.skip(`SIM_SEED=${only} runs in npm test`);
}

function histories(first: number, last: number, file: number, files: number): void {
  const step = CHUNK * files;
  for (let from = first + CHUNK * (file - 1); from <= last; from += step) {
    const to = Math.min(last, from + CHUNK - 1);
    test(`keep every promise about time: histories ${from} to ${to}`, { timeout: 300_000 }, async () => {
      for (let seed = from; seed <= to; seed++) {
        const replay = `replay: SIM_SEED=${seed} npm test -- host-tests/scenarios/histories-1.test.ts`;
        expect(await judgeHistory(seed), replay).toEqual([]);
      }
    });
  }
}
