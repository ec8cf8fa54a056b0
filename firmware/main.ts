/**
 * Builds the parts, connects them, starts them; decides nothing. In this order: consoles, storage, sampling, upload, panel, and
 * what a console may call. All at the top level: a function around it would keep its scope, and its names, for ever.
 */
import { type Clock, createClock } from "./clock/clock.ts";
import { createSntp } from "./clock/sntp.ts";
import { startSession } from "./clock/start-session.ts";
import { createTakeFix } from "./clock/take-fix.ts";
import { createTimeMap } from "./clock/time-map.ts";
import { createToldTime, type TellTime } from "./clock/told-time.ts";
import { device } from "./device.ts";
import { BUILD_MS, LIMITS } from "./limits.ts";
import { createNetwork } from "./network/station.ts";
import { startButton } from "./panel/button.ts";
import { startLed } from "./panel/led.ts";
import { createMachine, lockWirelessConsoles, openRegion } from "./platform/machine.ts";
import { createSampler, type Sampler } from "./sensors/sampler.ts";
import { readSettings } from "./settings.ts";
import { composeStatus, type Logger, VERSION } from "./status.ts";
import type { DeviceStatus } from "./status-types.ts";
import type { Ledger } from "./storage/ledger/ledger.ts";
import type { Ring } from "./storage/ring/ring.ts";
import { openStorage } from "./storage/storage.ts";
import { createDelivery, type Delivery } from "./upload/delivery.ts";
import { openEndpoint } from "./upload/endpoint.ts";
import { guardTimers } from "./upload/guard.ts";
import { planName } from "./upload/plan-limits.ts";
import { createServerDate } from "./upload/server-date.ts";
import { createUpload } from "./upload/upload.ts";
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

let ledger!: Ledger;
let ring!: Ring;
let clock!: Clock;
// These two also tell how far the start came.
let sampler: Sampler | undefined;
let tellTime: TellTime | undefined;
let logger: (Logger & { delivery: Delivery }) | undefined;

function onJump(session: number) {
  try {
    // The next boot must not count a session twice.
    ledger.boot(session, clock.rawMs());
  } catch (error) {
    // A jump is found in the middle of a sampler's callback: sampling goes on, even if the flash fails.
    log("error", `${error}`);
  }
  ring.start(session);
}

// Declared here: made in the `try` below, these would keep all the names there (22 JsVars).
function failDelivery(error: unknown) {
  if (logger !== undefined) logger.delivery.fail(error);
}

function noteProgress() {
  if (logger !== undefined) logger.delivery.noteProgress();
}

function kick() {
  const delivering = logger === undefined || logger.delivery.beat();
  if (delivering && sampler !== undefined && sampler.healthy()) chip.kickWatchdog();
  timers.setTimeout(kick, LIMITS.heartbeatMs);
  ring.scrub();
}

const region = openRegion(device.region);
try {
  if (typeof region === "string") throw region;
  const storage = openStorage(region, streams);
  ledger = storage.ledger;
  ring = storage.ring;
  const start = startSession(ledger, ring);
  clock = createClock(timers, start.session, start.rawMs);
  clock.watch(onJump);
  sampler = createSampler(timers, clock, ring, streams, log);
  console.log(`backfill ${VERSION} logging ${streams.length} datastreams`);
  sampler.start();
  chip.startWatchdog(WATCHDOG_MS);
  kick();

  // From here on the unit logs. What follows sends.
  const map = createTimeMap(ledger, clock, device.maxTimeUncertaintyMs ?? LIMITS.maxTimeUncertaintyMs);
  tellTime = createToldTime(clock, map, ledger, BUILD_MS - 86400000, log);
  const network = createNetwork(machine.wifi, timers, chip, settings.networks, log);
  const sntp = createSntp(machine.udp, timers, clock, settings.timeServers, chip.random);
  const endpoint = openEndpoint(machine.store, settings.server, settings.token);
  const askDate = createServerDate(machine.http, timers, clock, endpoint);
  const takeFix = createTakeFix({ sntp, askDate }, clock, map, ledger, log);
  const upload = createUpload(
    {
      ring,
      ledger,
      map,
      clock,
      http: machine.http,
      store: machine.store,
      askServer: askDate,
      timers: guardTimers(timers, noteProgress, failDelivery),
      chip,
      log,
    },
    endpoint,
    {
      limits: device.server,
      deaths: start.deaths,
      overload: device.overload,
      intervalsMs: streams.map((stream) => stream.intervalMs),
    },
  );
  const delivery = createDelivery(
    {
      network,
      takeFix,
      planner: upload.planner,
      overload: upload.overload,
      quota: upload.quota,
      drain: upload.drain,
      endpoint,
      ledger,
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
  logger = { ledger, ring, clock, map, takeFix, sampler, network, delivery, streams, plan: planName(device.server) };
} catch (error) {
  // The console stays usable, whatever is wrong with the flash.
  faults.push(`not ${sampler === undefined ? "logging" : "syncing"}: ${error}`);
}
if (sampler === undefined) console.log(`backfill ${VERSION} logging 0 datastreams`);

try {
  const led = startLed(machine.pins, timers, device.led, () => sampler !== undefined && sampler.healthy());
  if (logger === undefined) led.verdict(VERDICT.flashFault);
  else {
    const delivery = logger.delivery;
    delivery.watch((busy) => {
      if (busy) led.syncing();
      else led.verdict(delivery.verdict());
    });
  }
  if (device.button !== undefined) {
    startButton(machine.pins, timers, device.button, () => {
      if (logger === undefined) led.verdict(VERDICT.flashFault);
      else logger.delivery.trigger("button");
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
      answer = composeStatus(chip, faults, logger);
    }
    // Counting a large region takes a while, and timers wait meanwhile.
    if (logger === undefined) compose();
    else clock.blocked(compose);
    return answer;
  },
  /** Without arguments the present moment, as session and raw time; with them, `TellTime` in clock/told-time.ts. */
  "setTime"(trueMs?: number, boundMs?: number, rawMs?: number, session?: number): string | number[] {
    if (tellTime === undefined) return "not logging";
    const nowRawMs = clock.rawMs();
    if (trueMs === undefined) return [clock.session(), nowRawMs];
    return tellTime(trueMs, boundMs as number, rawMs ?? nowRawMs, session ?? clock.session());
  },
  "sync"() {
    if (logger !== undefined) logger.delivery.trigger("console");
  },
};
if (logger !== undefined) {
  const delivery = logger.delivery;
  logger.network.onUp(() => delivery.trigger("connect"));
  delivery.trigger("connect");
}
