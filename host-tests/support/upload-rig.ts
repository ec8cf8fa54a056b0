/** A whole upload on a desk: the real ledger on simulated flash, the real clock on virtual time, a fake ring and server. */
import { crc32 } from "node:zlib";
import { bootSession, createClock } from "../../firmware/clock/clock.ts";
import type { Contact, TimeFound } from "../../firmware/clock/take-fix.ts";
import { type Dating, openTimeMap, type Segment } from "../../firmware/clock/time-map.ts";
import type { FlashRegion, Store } from "../../firmware/platform/ports.ts";
import { openStorageWithBanks } from "../../firmware/storage/whole-storage.ts";
import { deathRestMs, unreached } from "../../firmware/upload/drain.ts";
import { MET, openEndpoint } from "../../firmware/upload/endpoint.ts";
import type { Job } from "../../firmware/upload/job.ts";
import type { Judgement } from "../../firmware/upload/outcome.ts";
import { clearsMs, horizonMsOf, thinEveryOf } from "../../firmware/upload/overload.ts";
import { beginPlanning, learnOutcome, type Planned, planRequest } from "../../firmware/upload/planner.ts";
import { openBacklog } from "../../firmware/upload/planning.ts";
import { pointsLeft, requestsLeft } from "../../firmware/upload/quota.ts";
import type { SampleSource } from "../../firmware/upload/sample-source.ts";
import { createServerDate } from "../../firmware/upload/server-date.ts";
import { createUpload, forgive, openUploadMemory } from "../../firmware/upload/upload.ts";
import type { Verdict } from "../../firmware/verdict.ts";
import { SimulatedFlash } from "../../scripts/simulator/flash.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { createFakeRing } from "./fake-ring.ts";
import { type Behaviour, createFakeServer, OK } from "./fake-server.ts";
import { addFix } from "./fixes.ts";
import { createVirtualTimers } from "./virtual-timers.ts";

export const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;
/** True time at raw 0. */
export const EPOCH_MS = 1_790_000_000_000;
export const TOKEN = "s3cret-token_0123456789abcdefghi";

/** A stretch of the time map from raw 0 on without an end, with the same bound everywhere. */
export function segmentOf(trueMs: number, boundMs: number, rate = 1): Segment {
  return { fromRawMs: 0, toRawMs: Number.POSITIVE_INFINITY, trueMs, rate, boundMs, boundRate: 0, bend: 0, reachMs: 0 };
}

/** How a drain ended. */
export interface Drained {
  verdict: Verdict;
  nextTryMs: number;
}

export interface RigOptions {
  seed?: number;
  pointsPerRequestMax?: number;
  pointsPerDayMax?: number;
  requestsPerDayMax?: number;
  ageMaxMs?: number;
  bodyBytesMax?: number;
  overload?: "thin" | "oldest-first";
  intervalsMs?: number[];
  /** Raw time at which the device stands. */
  nowRawMs?: number;
  server?: string;
  token?: string;
}

export type UploadRig = ReturnType<typeof createUploadRig>;

export function createUploadRig(options: RigOptions = {}) {
  const random = createPrng(options.seed ?? 1);
  const timers = createVirtualTimers(options.nowRawMs ?? 30 * DAY_MS);
  const flash = new SimulatedFlash({ pageBytes: 4096, pages: 4, random: () => random.next() });
  const region: FlashRegion = { flash, crc32: (bytes) => crc32(bytes), address: 0, pageBytes: 4096, pages: 4 };
  const server = createFakeServer(timers);
  const lines: string[] = [];
  /** Files in Storage, which outlive a reboot, and how often one was written. */
  const files: { [name: string]: unknown } = {};
  const store: Store & { writes: number } = {
    writes: 0,
    readJson: (name) => files[name],
    writeJson: (name, value) => {
      store.writes++;
      files[name] = value;
    },
  };
  const log = (level: string, text: string): void => {
    lines.push(`[${level}] ${text}`);
  };
  /** Datings that differ from "dated" or from the line, by session. */
  const datings: { [session: number]: (rawMs: number, version: number) => Dating } = {};
  const now = { boundMs: 100, known: true, offMs: 0 };

  const boot = (bootRawMs?: number) => {
    const { data, ledger } = openStorageWithBanks(region, [], 1);
    const rawMs = bootRawMs ?? timers.nowMs();
    const session = bootSession(ledger.session());
    const deaths = ledger.boot(session, rawMs);
    const clock = createClock(timers, session, rawMs);
    const map = openTimeMap(data.ledger, clock, 300_000);
    const source: SampleSource = {
      ...ring,
      date: (_, atSession, atRawMs, version) =>
        datings[atSession]
          ? datings[atSession](atRawMs, version)
          : { state: "dated", segment: segmentOf(EPOCH_MS, 10) },
      now: () => (now.known ? { trueMs: EPOCH_MS + timers.nowMs() + now.offMs, boundMs: now.boundMs } : undefined),
    };
    if (ledger.fixes().length === 0) addFix(ledger, session, rawMs, EPOCH_MS + rawMs, 50);
    const endpoint = openEndpoint(store, options.server ?? "https://blynk.example", options.token ?? TOKEN);
    const restMs = deathRestMs(deaths);
    if (restMs > 0) endpoint.silentUntilRawMs = rawMs + restMs;
    const memory = openUploadMemory(deaths);
    const parts = {
      storage: data,
      source,
      map,
      clock,
      http: server,
      store,
      askServer: createServerDate(server, timers, clock, endpoint),
      timers,
      chip: { random: () => random.next() },
      log,
    };
    const settings = {
      limits: options,
      overload: options.overload,
      intervalsMs: options.intervalsMs ?? [MINUTE_MS],
    };
    const upload = { parts, endpoint, settings, memory };
    const backlog = openBacklog(parts, settings, memory);
    return {
      storage: data,
      quota: backlog.quota,
      ledger,
      clock,
      now: () => source.now(map),
      endpoint,
      memory,
      requestsLeft: () => requestsLeft(backlog.quota),
      pointsLeft: () => pointsLeft(backlog.quota),
      overload: {
        survey() {
          memory.surveyDue = true;
        },
        thinEvery: () => thinEveryOf(backlog),
        horizonMs: (pin: number) => horizonMsOf(backlog, pin),
        clearsMs: () =>
          clearsMs(
            backlog,
            ring.pins(data).reduce((sum, pin) => sum + ring.totals(data, pin).pending, 0),
          ),
      },
      planner: {
        begin: () => beginPlanning(upload),
        plan(done: Planned) {
          const again = () => timers.setTimeout(() => planRequest(upload, done, again), 0);
          planRequest(upload, done, again);
        },
        learn: (job: Job, judgement: Judgement) => learnOutcome(upload, job, judgement),
      },
      drain: createUpload(parts, endpoint, settings, memory),
      forgive: () => forgive(memory, endpoint, clock.rawMs()),
      fault: () => memory.fault,
      unreached: (found: TimeFound, contact: Contact) =>
        unreached({ http: server, log }, endpoint, memory, found, contact),
    };
  };
  type Unit = ReturnType<typeof boot>;
  const ring = createFakeRing();

  const rig = {
    timers,
    flash,
    region,
    server,
    options,
    ring,
    lines,
    store,
    datings,
    now,
    boot,
    unit: undefined as unknown as Unit,
    /** A new program on the same flash, the old one's timers and sockets gone. */
    reboot: (offMs = 0, rawMs?: number): void => {
      for (const request of server.requests) request.aborted = true;
      timers.dropAll();
      timers.advance(offMs);
      rig.unit = boot(rawMs);
    },
    /** `count` samples of a pin, one each `everyMs`, the last one 10 s ago (or `endedMs`). */
    fill: (pin: number, count: number, everyMs = MINUTE_MS, endedMs = 10_000): void => {
      const lastRawMs = timers.nowMs() - endedMs;
      for (let i = 0; i < count; i++) {
        const jitter = (i * 7) % 5;
        ring.add(pin, 1, lastRawMs - (count - 1 - i) * everyMs + jitter - 5, 200 + ((i * 13) % 37));
      }
    },
    /** Drains once. Runs virtual time until it is done. */
    drain: (limitMs = 3_600_000): Drained => {
      rig.unit.endpoint.met = MET.nobody;
      rig.unit.endpoint.moves = 0;
      let result: Drained | undefined;
      rig.unit.drain.run((verdict, nextTryMs) => {
        result = { verdict, nextTryMs };
      });
      for (let t = 0; t < limitMs && !result; t += 1000) timers.advance(1000);
      if (!result) throw new Error("the drain never ended");
      return result;
    },
    counters: (pin: number) => rig.unit.ledger.counters(pin),
    pending: (pin: number) => ring.totals(rig.unit.storage, pin).pending,
  };
  rig.unit = boot();
  return rig;
}

/** A rig with 300 samples of v1, whose server behaves as listed, request by request, and then well. */
export function rigWith(behaviours: Behaviour[], options: RigOptions = {}): UploadRig {
  const rig = createUploadRig(options);
  rig.fill(1, 300);
  rig.server.behave = (number) => behaviours[number] ?? OK;
  return rig;
}

export const bodies = (rig: UploadRig): string[] => rig.server.requests.map((request) => request.body);
/** Timestamps in ms and values of a whole body. */
export const pointsOf = (body: string): [number, number][] => JSON.parse(body);
/** As it stands in the URL: `v1`. */
export const pinOf = (request: { options: { path: string } }): string => request.options.path.split("pin=")[1];
