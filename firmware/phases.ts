/**
 * What a unit needs for a while only: to mount its storage, to take a fix of the clock, to send samples, to take in a time that
 * is told, to look itself over. "on demand" says to the build that a function here is made, with all that it needs, when it is
 * called, and let go once nothing holds what it returned (scripts/build/passes/on-demand.ts). What outlives the call is data.
 */
import type { Clock } from "./clock/clock.ts";
import { createSntp } from "./clock/sntp.ts";
import { startSession } from "./clock/start-session.ts";
import { type Contact, createTakeFix, type FixMemory, type FixTaken, type TimeFound } from "./clock/take-fix.ts";
import { createTimeMap } from "./clock/time-map.ts";
import { createToldTime } from "./clock/told-time.ts";
import { BUILD_MS } from "./limits.ts";
import type { Network } from "./network/station.ts";
import type { Machine } from "./platform/machine.ts";
import type { Chip, FlashRegion } from "./platform/ports.ts";
import type { SampledStream, Sampler } from "./sensors/sampler.ts";
import { composeStatus } from "./status.ts";
import type { DeviceStatus } from "./status-types.ts";
import { lastRawMs, lastSession } from "./storage/ring/last-sample.ts";
import { type StreamSettings, startRing } from "./storage/ring/ring.ts";
import { mountStorage, type StorageCore, storageOf, useStorage } from "./storage/storage-core.ts";
import type { Delivery } from "./upload/delivery.ts";
import { type Drain, unreached } from "./upload/drain.ts";
import type { Endpoint } from "./upload/endpoint.ts";
import { type Losses, lossesOf } from "./upload/final-verdict.ts";
import { guardTimers } from "./upload/guard.ts";
import { planName } from "./upload/plan-limits.ts";
import { createServerDate } from "./upload/server-date.ts";
import { createUpload, openAllowance, type UploadMemory, type UploadSettings } from "./upload/upload.ts";
import type { Verdict } from "./verdict.ts";

/** What stays in memory of a unit that logs, as far as the functions here need it. */
export interface Unit {
  machine: Machine;
  storage: StorageCore;
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

/** Mounts the storage and begins this boot's session: what stays of it, and what the clock goes on from. */
export function mount(region: FlashRegion, streams: StreamSettings[]) {
  "on demand";
  const core = mountStorage(region, streams);
  const storage = useStorage(core);
  const ring = {
    lastRawMs: () => lastRawMs(storage.parts),
    lastSession: () => lastSession(storage.parts),
    start: (session: number) => startRing(core.ring, session),
  };
  return { core, start: startSession(storage.ledger, ring) };
}

/** As `TakeFix.take`. */
export function takeFix(unit: Unit, done: FixTaken): void {
  "on demand";
  const machine = unit.machine;
  const clock = unit.clock;
  // The whole storage: a fix may have to move others to pages of the ring.
  const ledger = storageOf(unit.storage).ledger;
  const parts = { udp: machine.udp, timers: machine.timers, clock, random: machine.chip.random };
  const sources = {
    sntp: createSntp(parts, unit.timeServers, unit.fixMemory.restUntilRawMs),
    askDate: createServerDate(machine.http, machine.timers, clock, unit.endpoint),
  };
  const map = createTimeMap(ledger, clock, unit.maxTimeUncertaintyMs);
  createTakeFix(sources, { clock, map, ledger, log: machine.log }, unit.fixMemory).take(done);
}

/** See `DeliveryParts.openUpload`. */
export function openUpload(unit: Unit, onStep: () => void, onError: (error: unknown) => void): Drain {
  "on demand";
  const machine = unit.machine;
  const storage = storageOf(unit.storage);
  const parts = {
    ring: storage.ring,
    ledger: storage.ledger,
    map: createTimeMap(storage.ledger, unit.clock, unit.maxTimeUncertaintyMs),
    clock: unit.clock,
    http: machine.http,
    store: machine.store,
    askServer: createServerDate(machine.http, machine.timers, unit.clock, unit.endpoint),
    timers: guardTimers(machine.timers, onStep, onError),
    chip: machine.chip,
    log: machine.log,
  };
  const drain = createUpload(parts, unit.endpoint, unit.settings, unit.uploadMemory);
  return {
    run(done) {
      unit.storage.inUse = storage;
      drain.run((verdict, nextTryMs) => {
        unit.storage.inUse = undefined;
        done(verdict, nextTryMs);
      });
    },
    linkLost: drain.linkLost,
    stop() {
      unit.storage.inUse = undefined;
      drain.stop();
    },
  };
}

/** What a unit says of itself; `logs` is undefined when it has no region to log to. */
export function lookOver(chip: Pick<Chip, "memory">, faults: string[], logs: Logging | undefined): DeviceStatus {
  "on demand";
  if (logs === undefined) return composeStatus(chip, faults, undefined);
  const unit = logs.unit;
  const storage = storageOf(unit.storage);
  const parts = {
    ring: storage.ring,
    ledger: storage.ledger,
    clock: unit.clock,
    map: createTimeMap(storage.ledger, unit.clock, unit.maxTimeUncertaintyMs),
  };
  const allowance = openAllowance(parts, unit.settings, unit.uploadMemory);
  return composeStatus(chip, faults, {
    ledger: storage.ledger,
    ring: storage.ring,
    clock: unit.clock,
    map: parts.map,
    quota: allowance.quota,
    clearsMs: allowance.overload.clearsMs(),
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
export function countLosses(storage: StorageCore): Losses {
  "on demand";
  return lossesOf(storageOf(storage).ledger);
}

/** See `DeliveryParts.unreached`. */
export function sayUnreached(unit: Unit, found: TimeFound, contact: Contact): Verdict {
  "on demand";
  return unreached(unit.machine, unit.endpoint, unit.uploadMemory, found, contact);
}

/** See `TellTime`. */
export function tellTime(unit: Unit, trueMs: number, boundMs: number, rawMs: number, session: number): string {
  "on demand";
  const ledger = storageOf(unit.storage).ledger;
  const map = createTimeMap(ledger, unit.clock, unit.maxTimeUncertaintyMs);
  const tell = createToldTime(unit.clock, map, ledger, BUILD_MS - 86400000, unit.machine.log);
  return tell(trueMs, boundMs, rawMs, session);
}
