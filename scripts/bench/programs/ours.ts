/** The firmware's own parts at the same work: ring, batch, drain, put together as main.ts does. */
import { createClock } from "../../../firmware/clock/clock.ts";
import { createTimeMap } from "../../../firmware/clock/time-map.ts";
import { LIMITS } from "../../../firmware/limits.ts";
import { createMachine } from "../../../firmware/platform/machine.ts";
import type { FlashRegion, HttpHandlers, HttpRequestOptions } from "../../../firmware/platform/ports.ts";
import { ringPagesOf } from "../../../firmware/storage/geometry.ts";
import { openStorage } from "../../../firmware/storage/storage.ts";
import { openBatch } from "../../../firmware/upload/batch.ts";
import { createDrain } from "../../../firmware/upload/drain.ts";
import { createOverload } from "../../../firmware/upload/overload.ts";
import { createPlanner } from "../../../firmware/upload/planner.ts";
import { createQuota } from "../../../firmware/upload/quota.ts";
import { idleJsVars, jitter, jsVars, reading, report, timeUs } from "./report.ts";

interface World {
  httpPort: number;
  token: string;
  region: { address: number; bytes: number };
  points: number;
  nowMs: number;
  /** Collect garbage before each look at memory. */
  exact: boolean;
}

const PIN = 1;
const INTERVAL_MS = 60000;
const APPENDS = 500;

const machine = createMachine();
const world = machine.store.readJson("world.json") as World;
const region = machine.region(world.region) as FlashRegion;
const streams = [{ pin: PIN, intervalMs: INTERVAL_MS, decimals: 1 }];

let peak = 0;
/** With a collection each time: what is garbage is no need. The time it takes is in `postMs`, too. */
function look(): void {
  const used = world.exact ? idleJsVars() : jsVars();
  if (used > peak) peak = used;
}

const storage = openStorage(region, streams);
const ledger = storage.ledger;
const ring = storage.ring;
ledger.boot(1, 0);
ring.start(1);

let written = 0;
function append(): void {
  ring.append(PIN, 1000 + written * INTERVAL_MS + jitter(written), reading(written));
  written++;
}
const beforeAppend = idleJsVars();
report(
  "appendUs",
  timeUs(APPENDS, () => {
    while (written < APPENDS) append();
  }),
);
while (written < world.points) {
  append();
  if (written % 50 === 0) look();
}
report("appendJsVarsPeak", peak - beforeAppend);

const fill = ring.fill();
report("usedPages", fill.usedPages);
report("bytesPerSample", (fill.usedPages * region.pageBytes) / written);
report(
  "capacity64k",
  Math.floor((written / fill.usedPages) * (ringPagesOf(65536 / region.pageBytes, region.pageBytes) - 1)),
);

// The last sample is ten minutes old: the time map's two points span them all.
const endRawMs = 1000 + written * INTERVAL_MS + 10 * INTERVAL_MS;
ledger.addFix(1, 0, world.nowMs - endRawMs, 5);
ledger.addFix(1, endRawMs, world.nowMs, 5);
let clock = createClock(machine.timers, 1, endRawMs);
let map = createTimeMap(ledger, clock, LIMITS.maxTimeUncertaintyMs);

let walked = 0;
report(
  "decodeUs",
  timeUs(written, () => {
    const batch = openBatch(ring, map, {
      pin: PIN,
      from: ledger.cursor(PIN),
      to: Infinity,
      fixId: 2,
      thinEvery: 1,
      thinPhase: 0,
      afterTrueMs: 0,
      pointsMax: written,
      untilTrueMs: Infinity,
    });
    while (batch.step()) walked += batch.text.length;
  }),
);
report("decodedChars", walked);

const nativeRequest = machine.http.request;
machine.http.request = (options: HttpRequestOptions, handlers: HttpHandlers) => {
  const drain = handlers.drain;
  handlers.drain = () => {
    look();
    drain();
    look();
  };
  const request = nativeRequest(options, handlers);
  return {
    write(text) {
      request.write(text);
      // While the text is held both here and by the socket.
      look();
    },
    end: request.end,
    abort: request.abort,
  };
};
// At every read, that is deep inside decoding, too.
region.flash = {
  read(bytes, address) {
    const data = (machine.region(world.region) as FlashRegion).flash.read(bytes, address);
    look();
    return data;
  },
  write: region.flash.write,
  erasePage: region.flash.erasePage,
};

// Decoding blocked for seconds, which this clock took for a jump.
clock = createClock(machine.timers, 1, endRawMs);
map = createTimeMap(ledger, clock, LIMITS.maxTimeUncertaintyMs);
LIMITS.batchPointsFirst = 10000;
const quota = createQuota(ledger, clock, 12000, 300);
const overload = createOverload(ring, ledger, map, quota, {
  overload: "oldest-first",
  ageMaxMs: LIMITS.ageMaxMs,
  intervalsMs: [INTERVAL_MS],
});
const planner = createPlanner(ring, ledger, map, clock, quota, overload, machine.timers, machine.log, {
  pointsPerRequestMax: 10000,
  bodyBytesMax: LIMITS.bodyBytesMax,
  ageMaxMs: LIMITS.ageMaxMs,
});
const drain = createDrain(ring, ledger, map, clock, planner, machine.http, machine.timers, machine.chip, machine.log, {
  server: `http://127.0.0.1:${world.httpPort}`,
  token: world.token,
});
peak = 0;
const fromS = getTime();
drain.drain((verdict) => {
  report("postMs", (getTime() - fromS) * 1000);
  report("postVerdict", verdict);
  // Afterwards, and from a timer: what the first request leaves for good is no part of its peak, and a program that is still
  // being read takes some hundred JsVars more.
  setTimeout(() => {
    // Named here, the drain and all that it needs still stand.
    drain.forgive();
    const idle = idleJsVars();
    report("idleJsVars", idle);
    report("postJsVarsPeak", peak - idle);
    console.log("BENCH done 0");
  }, 100);
});
