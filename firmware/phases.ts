/**
 * What a unit needs for a while only: to mount its storage, to take a fix of the clock, to send samples, to take in a time that
 * is told, to look itself over. "on demand" says to the build that a function here is made, with all that it needs, when it is
 * called, and let go once nothing holds what it returned (scripts/build/passes/on-demand.ts). What outlives the call is data.
 */
import type { Clock } from "./clock/clock.ts";
import { createSntp } from "./clock/sntp.ts";
import { type Contact, createTakeFix, type FixMemory, type FixTaken, type TimeFound } from "./clock/take-fix.ts";
import { openTimeMap, type TimeMap } from "./clock/time-map.ts";
import { createToldTime } from "./clock/told-time.ts";
import { BUILD_MS } from "./limits.ts";
import type { Network } from "./network/station.ts";
import type { Machine } from "./platform/machine.ts";
import type { Chip, FlashRegion } from "./platform/ports.ts";
import type { SampledStream, Sampler } from "./sensors/sampler.ts";
import { startSession } from "./start-session.ts";
import { composeStatus } from "./status.ts";
import type { DeviceStatus } from "./status-types.ts";
import type { Ledger } from "./storage/ledger/ledger.ts";
import { enterArchive } from "./storage/ledger/room.ts";
import { mountStorage } from "./storage/mount-storage.ts";
import type { Storage, StreamSettings } from "./storage/ring/ring.ts";
import type { Delivery } from "./upload/delivery.ts";
import { type Drain, unreached } from "./upload/drain.ts";
import type { Endpoint } from "./upload/endpoint.ts";
import { type Losses, lossesOf } from "./upload/final-verdict.ts";
import { guardTimers } from "./upload/guard.ts";
import { planLimits, planName } from "./upload/plan-limits.ts";
import { openQuota, type UploadSettings } from "./upload/planning.ts";
import { sampleSource } from "./upload/sample-source.ts";
import { createServerDate } from "./upload/server-date.ts";
import { createUpload } from "./upload/upload.ts";
import type { UploadMemory, UploadParts } from "./upload/upload-parts.ts";
import type { Verdict } from "./verdict.ts";

/** What stays in memory of a unit that logs, as far as the functions here need it. */
export interface Unit {
  machine: Machine;
  storage: Storage;
  clock: Clock;
  endpoint: Endpoint;
  /** Host names. */
  timeServers: string[];
  maxTimeUncertaintyMs: number;
  settings: UploadSettings;
  fixMemory: FixMemory;
  uploadMemory: UploadMemory;
}

/** A unit, and what only its status looks at. */
export interface Logging {
  unit: Unit;
  sampler: Pick<Sampler, "flashFailed" | "crowded">;
  network: Pick<Network, "up">;
  delivery: Pick<Delivery, "verdict">;
  streams: Pick<SampledStream, "pin" | "name">[];
}

function mapOf(unit: Unit): TimeMap {
  return openTimeMap(unit.storage.ledger, unit.clock, unit.maxTimeUncertaintyMs);
}

/** As `mountStorage`. */
export function mount(region: FlashRegion, streams: StreamSettings[]): Storage {
  "on demand";
  return mountStorage(region, streams);
}

/** Begins this boot's session. Returns what the clock goes on from. */
export function begin(storage: Storage) {
  "on demand";
  enterArchive(storage.ledger);
  return startSession(storage);
}

/** As `TakeFix.take`. */
export function takeFix(unit: Unit, done: FixTaken): void {
  "on demand";
  const machine = unit.machine;
  const clock = unit.clock;
  const parts = { udp: machine.udp, timers: machine.timers, clock, random: machine.chip.random };
  const sources = {
    sntp: createSntp(parts, unit.timeServers, unit.fixMemory.restUntilRawMs),
    askDate: createServerDate(machine.http, machine.timers, clock, unit.endpoint),
  };
  createTakeFix(sources, { clock, map: mapOf(unit), log: machine.log }, unit.fixMemory).take(done);
}

/** See `DeliveryParts.openUpload`. */
export function openUpload(unit: Unit, onStep: () => void, onError: (error: unknown) => void): Drain {
  "on demand";
  const machine = unit.machine;
  const parts: UploadParts = {
    storage: unit.storage,
    source: sampleSource(),
    map: mapOf(unit),
    clock: unit.clock,
    http: machine.http,
    store: machine.store,
    askServer: (done) => createServerDate(machine.http, machine.timers, unit.clock, unit.endpoint)(done),
    timers: guardTimers(machine.timers, onStep, onError),
    chip: machine.chip,
    log: machine.log,
  };
  return createUpload(parts, unit.endpoint, unit.settings, unit.uploadMemory);
}

/** What a unit says of itself; `logs` is undefined when it has no region to log to. */
export function lookOver(chip: Pick<Chip, "memory">, faults: string[], logs: Logging | undefined): DeviceStatus {
  "on demand";
  if (logs === undefined) return composeStatus(chip, faults, undefined);
  const unit = logs.unit;
  return composeStatus(chip, faults, {
    storage: unit.storage,
    clock: unit.clock,
    map: mapOf(unit),
    backlog: {
      quota: openQuota(unit, planLimits(unit.settings.limits)),
      memory: unit.uploadMemory,
      intervalsMs: unit.settings.intervalsMs,
    },
    sampler: logs.sampler,
    network: logs.network,
    verdict: logs.delivery.verdict(),
    server: unit.endpoint.server,
    timeFault: unit.fixMemory.fault,
    deliveryFault: unit.uploadMemory.fault,
    streams: logs.streams,
    plan: planName(unit.settings.limits),
  });
}

/** What was lost so far, of all datastreams. */
export function countLosses(ledger: Ledger): Losses {
  "on demand";
  return lossesOf(ledger);
}

/** See `DeliveryParts.unreached`. */
export function sayUnreached(unit: Unit, found: TimeFound, contact: Contact): Verdict {
  "on demand";
  return unreached(unit.machine, unit.endpoint, unit.uploadMemory, found, contact);
}

/** See `TellTime`. */
export function tellTime(unit: Unit, trueMs: number, boundMs: number, rawMs: number, session: number): string {
  "on demand";
  const tell = createToldTime(unit.clock, mapOf(unit), BUILD_MS - 86400000, unit.machine.log);
  return tell(trueMs, boundMs, rawMs, session);
}
