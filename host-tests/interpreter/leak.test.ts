/** Many syncs in one life: they give back the memory they take, in pieces that are large enough. `SYNCS=n` sets their number. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { ESP32_JSVARS } from "../../scripts/interpreter/esp32.ts";
import { ESPRUINO, type Interpreter } from "../../scripts/interpreter/interpreter.ts";
import { ballast, readPool } from "../../scripts/interpreter/pool.ts";
import { bootAndSync, createLogger, imbalance, type Logger, STATUS, type Status } from "./logger.ts";
import { makeQuickClock } from "./quick-clock.ts";

const SYNCS = Number(process.env.SYNCS ?? 200);
/** Bounded lists, such as the ledger's charges and fixes, are full after 24 syncs at the latest. */
const WARM_UP = Math.max(24, Math.ceil(SYNCS / 4));
const LOOK_EVERY = Math.max(1, Math.floor((SYNCS - WARM_UP) / 15));

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
/** The smallest pool that package.json promises datastreams for. */
const JSVARS = Math.min(
  ESP32_JSVARS,
  ...Object.keys(manifest["espruino-backfill"].datastreamsInPool ?? {}).map(Number),
);

const pool = ESPRUINO === "" ? undefined : await readPool();
if (pool && pool.unlike !== "") {
  console.warn(`SKIPPED: leaks over many syncs. This build's memory says nothing about an ESP32's: ${pool.unlike}.`);
}

let logger: Logger | undefined;
afterEach(async () => {
  await logger?.stop();
  logger = undefined;
});

interface Look {
  /** JsVars in use after a garbage collection. */
  used: number;
  /** The longest run of free JsVars. */
  run: number;
  /** Time of 200 reads of 40 bytes. */
  readMs: number;
}

/**
 * An array has an address when its bytes lie in one piece. `new Uint8Array` collects garbage when it finds no such piece, so a
 * run that is not found does not exist. Runs above 512 are not searched: such an array would take its memory in pieces.
 */
const PROBE = `
var probe = function () {
  var memory = process.memory(), low = 0, high = 512;
  var flash = require("Flash"), fromS = realTime();
  for (var i = 0; i < 200; i++) flash.read(40, 0x10000000);
  var readMs = (realTime() - fromS) * 1000;
  while (low < high) {
    var middle = (low + high + 1) >> 1;
    if (E.getAddressOf(new Uint8Array((middle - 1) * memory.blocksize), true)) low = middle;
    else high = middle - 1;
  }
  return { used: memory.usage, run: low, readMs: readMs };
};
`;

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Starts a sync over the console and waits for its verdict. */
async function sync(device: Interpreter): Promise<void> {
  const verdicts = () => device.lines().filter((line) => /\] sync: /.test(line)).length;
  const before = verdicts();
  await device.evaluate("setTimeout(backfill.sync,10)");
  await expect.poll(verdicts, { interval: 5, timeout: 20_000 }).toBeGreaterThan(before);
}

describe.skipIf(pool?.unlike !== "")(
  `${SYNCS} syncs in one life, in a pool of ${JSVARS} JsVars,`,
  { timeout: SYNCS * 1500 + 60_000 },
  () => {
    it("leave no more memory in use than the first ones, and large enough pieces of it free", async () => {
      logger = await createLogger({
        intervalMs: 2000,
        clock: makeQuickClock(16),
        afterPrelude: PROBE + ballast(JSVARS),
      });
      const device = await bootAndSync(logger);
      const fresh = await device.evaluate<Look>("probe()");
      const looks: Look[] = [];
      const fromMs = Date.now();
      let tries = 0;
      for (let posted = 0; posted < SYNCS; ) {
        // On a busy machine the quick clock seems to jump, and such a sync ends without a request.
        expect(++tries, "syncs that posted nothing").toBeLessThan(SYNCS * 1.2 + 5);
        const { points } = logger.standIn.stats();
        await sync(device);
        if (logger.standIn.stats().points === points) continue;
        posted++;
        if (posted >= WARM_UP && posted % LOOK_EVERY === 0) looks.push(await device.evaluate<Look>("probe()"));
      }
      const seconds = Math.round((Date.now() - fromMs) / 1000);
      const stats = logger.standIn.stats();
      console.log(
        `${JSVARS} JsVars: ${SYNCS} of ${tries} syncs posted in ${seconds} s, ${stats.requests} requests, ${stats.points} points; at first, then after ${WARM_UP} ` +
          `and every ${LOOK_EVERY}: ${[fresh, ...looks].map(({ used, run, readMs }) => `${used} used, run ${run}, ${readMs.toFixed(1)} ms`).join("; ")}`,
      );
      const third = Math.ceil(looks.length / 3);
      const first = looks.slice(0, third);
      const last = looks.slice(-third);
      const of = (some: Look[], name: keyof Look) => median(some.map((look) => look[name]));
      expect(of(last, "used"), "JsVars in use").toBeLessThanOrEqual(of(first, "used") + 5);
      expect(stats.violations).toEqual([]);
      const status = await device.evaluate<Status>(STATUS);
      expect(imbalance(status)).toBe("");
      expect(device.output()).not.toMatch(/Uncaught|removing it|MEMORY/);
      // The first syncs leave the pool in pieces, the longest of 20 to 130 JsVars, different at each look: the lengths are not
      // compared. The longest read of the firmware (128 bytes) takes 11 JsVars in one piece.
      expect(Math.min(...looks.map((look) => look.run)), "longest run of free JsVars").toBeGreaterThanOrEqual(11);
      expect(of(last, "readMs"), "200 reads of 40 bytes, ms").toBeLessThan(of(first, "readMs") * 2);
    });
  },
);
