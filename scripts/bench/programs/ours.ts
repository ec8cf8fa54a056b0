/** The firmware at the same work: ring, batch and drain, put together as main.ts does it. */
import { createClock } from "../../../firmware/clock/clock.ts";
import { FIX_KIND } from "../../../firmware/clock/fix-kind.ts";
import { openTimeMap } from "../../../firmware/clock/time-map.ts";
import { LIMITS } from "../../../firmware/limits.ts";
import { createMachine, openRegion } from "../../../firmware/platform/machine.ts";
import type { FlashRegion, HttpHandlers, HttpRequestOptions } from "../../../firmware/platform/ports.ts";
import { ringPagesOf } from "../../../firmware/storage/geometry.ts";
import { openStorage } from "../../../firmware/storage/whole-storage.ts";
import { openBatch } from "../../../firmware/upload/batch.ts";
import { openEndpoint } from "../../../firmware/upload/endpoint.ts";
import { sampleSource } from "../../../firmware/upload/sample-source.ts";
import { createServerDate } from "../../../firmware/upload/server-date.ts";
import { createUpload, openUploadMemory } from "../../../firmware/upload/upload.ts";
import { idleJsVars, jitter, jsVars, reading, report, timeUs } from "./measure.ts";

interface Setup {
  httpPort: number;
  token: string;
  region: { address: number; bytes: number };
  points: number;
  nowMs: number;
  /** Collects garbage before each look at the memory. */
  exact: boolean;
}

const PIN = 1;
const INTERVAL_MS = 60000;
const APPENDS = 500;

const machine = createMachine();
const setup = machine.store.readJson("setup.json") as Setup;
const region = openRegion(setup.region) as FlashRegion;
const streams = [{ pin: PIN, intervalMs: INTERVAL_MS, decimals: 1 }];

let peak = 0;
/** Notes the JsVars in use. `exact` collects garbage first, because nobody needs it. `postMs` includes that time. */
function look(): void {
  const used = setup.exact ? idleJsVars() : jsVars();
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
while (written < setup.points) {
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

// The last sample is ten minutes old: the two fixes enclose all samples.
const endRawMs = 1000 + written * INTERVAL_MS + 10 * INTERVAL_MS;
ledger.addFix({ session: 1, rawMs: 0, trueMs: setup.nowMs - endRawMs, boundMs: 5, kind: FIX_KIND.sntp });
ledger.addFix({ session: 1, rawMs: endRawMs, trueMs: setup.nowMs, boundMs: 5, kind: FIX_KIND.sntp });
let clock = createClock(machine.timers, 1, endRawMs);
let map = openTimeMap(ledger.data, clock, LIMITS.maxTimeUncertaintyMs);

const source = sampleSource();
let walked = 0;
report(
  "decodeUs",
  timeUs(written, () => {
    const batch = openBatch(
      { storage: storage.data, source, map },
      {
        pin: PIN,
        from: ledger.cursor(PIN),
        to: Infinity,
        fixId: 2,
        thinEvery: 1,
        thinPhase: 0,
        afterTrueMs: 0,
        pointsMax: written,
        untilTrueMs: Infinity,
        wrongFromMs: 0,
        wrongToMs: 0,
      },
    );
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
      // Here the text is held twice: by this function and by the socket.
      look();
    },
    end: request.end,
    abort: request.abort,
  };
};
// A look at every read also sees the peak deep inside decoding.
region.flash = {
  read(bytes, address) {
    const data = (openRegion(setup.region) as FlashRegion).flash.read(bytes, address);
    look();
    return data;
  },
  write: region.flash.write,
  erasePage: region.flash.erasePage,
};

// Decoding blocked for seconds, which this clock took for a jump.
clock = createClock(machine.timers, 1, endRawMs);
map = openTimeMap(ledger.data, clock, LIMITS.maxTimeUncertaintyMs);
LIMITS.batchPointsFirst = 10000;
const endpoint = openEndpoint(machine.store, `http://127.0.0.1:${setup.httpPort}`, setup.token);
const drain = createUpload(
  {
    storage: storage.data,
    source,
    map,
    clock,
    http: machine.http,
    store: machine.store,
    askServer: createServerDate(machine.http, machine.timers, clock, endpoint),
    timers: machine.timers,
    chip: machine.chip,
    log: machine.log,
  },
  endpoint,
  {
    limits: { pointsPerRequestMax: 10000, pointsPerDayMax: 12000 },
    intervalsMs: [INTERVAL_MS],
  },
  openUploadMemory(0),
);
peak = 0;
const fromS = getTime();
drain.run((verdict) => {
  report("postMs", (getTime() - fromS) * 1000);
  report("postVerdict", verdict);
  // Idle is measured after the request, because what the first request leaves for good is not part of its peak, and from a
  // timer, because a program that is still being read takes some hundred JsVars more.
  setTimeout(() => {
    // This use keeps the drain, and all that it needs, in memory until now.
    drain.linkLost();
    const idle = idleJsVars();
    report("idleJsVars", idle);
    report("postJsVarsPeak", peak - idle);
    console.log("BENCH done 0");
  }, 100);
});
