/**
 * Builds the parts, connects them, starts them; decides nothing. In this order: consoles, storage, sampling, upload, panel, and
 * what a console may call. All at the top level: a function around it would keep its scope, and its names, for ever.
 */
import { type Clock, createClock } from "./clock/clock.ts";
import { openFixMemory } from "./clock/take-fix.ts";
import { device } from "./device.ts";
import { LIMITS } from "./limits.ts";
import { createNetwork, type Network } from "./network/station.ts";
import { startButton } from "./panel/button.ts";
import { startLed } from "./panel/led.ts";
import {
  begin,
  countLosses,
  type Logging,
  lookOver,
  mount,
  openUpload,
  sayUnreached,
  takeFix,
  tellTime,
  type Unit,
} from "./phases.ts";
import { createMachine, lockWirelessConsoles, openRegion } from "./platform/machine.ts";
import { createSampler, type Sampler } from "./sensors/sampler.ts";
import { readSettings } from "./settings.ts";
import { VERSION } from "./status.ts";
import type { DeviceStatus } from "./status-types.ts";
import { beginSession, checkPage, createAppender } from "./storage/appender.ts";
import { openLedgerPages } from "./storage/ring/ledger-pages.ts";
import { pageToScrub, type Storage } from "./storage/ring/ring.ts";
import { createDelivery, type Delivery } from "./upload/delivery.ts";
import { deathRestMs } from "./upload/drain.ts";
import { openEndpoint } from "./upload/endpoint.ts";
import { openUploadMemory } from "./upload/upload.ts";
import { VERDICT } from "./verdict.ts";

/** Longer than a connect and a handshake can block: lwIP gives up a SYN after some 75 s, and each name server takes some 15 s. */
const WATCHDOG_MS = 300000;

const machine = createMachine();
const timers = machine.timers;
const chip = machine.chip;
const log = machine.log;
const settings = readSettings(machine.store, device);
const faults = settings.problems;

// First of all: until it is done, anybody in reach could read the token.
const consoleFault = lockWirelessConsoles(device.console ?? {}, settings.consolePassword);
if (consoleFault !== "") faults.push(consoleFault);

const streams = device.datastreams.map((stream) => ({
  pin: parseInt(stream.pin.substr(1), 10),
  name: stream.name,
  sensor: stream.sensor,
  intervalMs: stream.intervalMs,
  decimals: stream.decimals,
  priority: stream.priority,
}));

let storage!: Storage;
let clock!: Clock;
let unit!: Unit;
// These two also tell how far the start came.
let sampler: Sampler | undefined;
let logging: (Logging & { network: Network; delivery: Delivery }) | undefined;

function onJump(session: number) {
  try {
    // The next boot must not count a session twice.
    beginSession(storage, session, clock.rawMs());
  } catch (error) {
    // A jump is found in the middle of a sampler's callback: sampling goes on, even if the flash fails.
    log("error", `${error}`);
  }
}

function kick() {
  const delivering = logging === undefined || logging.delivery.beat();
  if (delivering && sampler !== undefined && sampler.healthy()) chip.kickWatchdog();
  timers.setTimeout(kick, LIMITS.heartbeatMs);
  const page = pageToScrub(storage.ring);
  if (page >= 0) checkPage(storage, page);
}

const region = openRegion(device.region);
try {
  if (typeof region === "string") throw region;
  storage = mount(region, streams);
  storage.ledger.openPages = () => openLedgerPages(storage);
  const start = begin(storage);
  clock = createClock(timers, start.session, start.rawMs);
  clock.watch(onJump);
  sampler = createSampler(timers, clock, createAppender(storage), streams, log);
  console.log(`backfill ${VERSION} logging ${streams.length} datastreams`);
  sampler.start();
  chip.startWatchdog(WATCHDOG_MS);
  kick();

  // From here on the unit logs. What follows sends.
  const endpoint = openEndpoint(machine.store, settings.server, settings.token);
  const restMs = deathRestMs(start.deaths);
  if (restMs > 0) endpoint.silentUntilRawMs = clock.rawMs() + restMs;
  unit = {
    machine,
    storage,
    clock,
    endpoint,
    timeServers: settings.timeServers,
    maxTimeUncertaintyMs: device.maxTimeUncertaintyMs ?? LIMITS.maxTimeUncertaintyMs,
    settings: {
      limits: device.server,
      overload: device.overload,
      intervalsMs: streams.map((stream) => stream.intervalMs),
    },
    fixMemory: openFixMemory(),
    uploadMemory: openUploadMemory(start.deaths),
  };
  const network = createNetwork(machine.wifi, timers, chip, settings.networks, log);
  const delivery = createDelivery(
    {
      network,
      takeFix: (done) => takeFix(unit, done),
      openUpload: (onStep, onError) => openUpload(unit, onStep, onError),
      unreached: (found, contact) => sayUnreached(unit, found, contact),
      endpoint,
      memory: unit.uploadMemory,
      losses: () => countLosses(storage.ledger),
      clock,
      ailments: sampler,
      timers,
      chip,
      log,
    },
    {
      syncEveryMs: device.syncEveryMs ?? LIMITS.syncEveryMs,
      connectEveryMs: device.connectEveryMs,
      networks: settings.networks.length,
    },
  );
  logging = { unit, sampler, network, delivery, streams };
} catch (error) {
  // The console stays usable, whatever is wrong with the flash.
  faults.push(`not ${sampler === undefined ? "logging" : "syncing"}: ${error}`);
}
if (sampler === undefined) console.log(`backfill ${VERSION} logging 0 datastreams`);

try {
  const led = startLed(machine.pins, timers, device.led, () => sampler !== undefined && sampler.healthy());
  if (logging === undefined) led.verdict(VERDICT.flashFault);
  else {
    const delivery = logging.delivery;
    delivery.watch((busy) => {
      if (busy) led.syncing();
      else led.verdict(delivery.verdict());
    });
  }
  if (device.button !== undefined) {
    startButton(machine.pins, timers, device.button, () => {
      if (logging === undefined) led.verdict(VERDICT.flashFault);
      else logging.delivery.trigger("button");
    });
  }
} catch (error) {
  faults.push(`panel: ${error}`);
}
faults.forEach((fault) => {
  log("error", fault);
});

(globalThis as unknown as { backfill: object }).backfill = {
  "version": VERSION,
  "status"() {
    let answer: DeviceStatus | undefined;
    function compose() {
      answer = lookOver(chip, faults, logging);
    }
    // Counting a large region takes a while, and timers wait meanwhile.
    if (logging === undefined) compose();
    else clock.blocked(compose);
    return answer;
  },
  /** Without arguments the present moment, as session and raw time; with them, `TellTime` in clock/told-time.ts. */
  "setTime"(trueMs?: number, boundMs?: number, rawMs?: number, session?: number): string | number[] {
    if (logging === undefined) return "not logging";
    const nowRawMs = clock.rawMs();
    if (trueMs === undefined) return [clock.session(), nowRawMs];
    return tellTime(unit, trueMs, boundMs as number, rawMs ?? nowRawMs, session ?? clock.session());
  },
  "sync"() {
    if (logging !== undefined) logging.delivery.trigger("console");
  },
};
if (logging !== undefined) {
  const delivery = logging.delivery;
  logging.network.onUp(() => delivery.trigger("connect"));
  delivery.trigger("connect");
}
