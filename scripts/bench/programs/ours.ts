/** The firmware's own parts at the same work: ring, batch, drain, put together as main.ts does. */
import { createClock } from "../../../firmware/clock/clock.ts";
import { createTimeMap } from "../../../firmware/clock/time-map.ts";
import { LIMITS } from "../../../firmware/limits.ts";
import { createMachine } from "../../../firmware/platform/machine.ts";
import type { FlashRegion, HttpHandlers, HttpRequestOptions } from "../../../firmware/platform/ports.ts";
import { openLedger } from "../../../firmware/storage/ledger/ledger.ts";
import { openRing } from "../../../firmware/storage/ring/ring.ts";
import { openBatch } from "../../../firmware/upload/batch.ts";
import { createUpload } from "../../../firmware/upload/upload.ts";
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
const bankPages = Math.ceil(LIMITS.ledgerBankBytes / region.pageBytes);
const streams = [{ pin: PIN, intervalMs: INTERVAL_MS, decimals: 1 }];

let peak = 0;
/** With a collection each time: what is garbage is no need. The time it takes is in `postMs`, too. */
function look(): void {
  const used = world.exact ? idleJsVars() : jsVars();
  if (used > peak) peak = used;
}

const ledger = openLedger(region, bankPages);
const ring = openRing(region, ledger, bankPages, streams);
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
  Math.floor(
    (written / fill.usedPages) *
      (65536 / region.pageBytes - 2 * Math.ceil(LIMITS.ledgerBankBytes / region.pageBytes) - 1),
  ),
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
const { drain } = createUpload(
  { ring, ledger, map, clock, http: machine.http, timers: machine.timers, chip: machine.chip, log: machine.log },
  {
    server: `http://127.0.0.1:${world.httpPort}`,
    token: world.token,
    limits: { pointsPerRequestMax: 10000, pointsPerDayMax: 12000 },
    intervalsMs: [INTERVAL_MS],
  },
);
peak = 0;
const fromS = getTime();
drain.run((verdict) => {
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
