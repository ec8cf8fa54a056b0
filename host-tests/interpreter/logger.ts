/** The same firmware as on a board, in the real interpreter, with its own server and time server. */
import { type StandInServer, startServer } from "../../scripts/blynk-stand-in/server.ts";
import { BlynkStandIn, type StandInOptions } from "../../scripts/blynk-stand-in/stand-in.ts";
import { bundleFirmware } from "../../scripts/build/bundle.ts";
import { type Interpreter, startInterpreter } from "../../scripts/interpreter/interpreter.ts";
import { readPool } from "../../scripts/interpreter/pool.ts";
import { type FlashContents, provision, REGION } from "../../scripts/interpreter/provision-flash.ts";
import { startTimeServer, type TimeServer } from "../../scripts/interpreter/time-server.ts";
import type { QuickClock } from "./quick-clock.ts";

export const TOKEN = "interpreter-test-token_0123456789";
const SSID = "air";
const PASSWORD = "secret-word";

export interface LoggerOptions {
  tls?: boolean;
  /** Of both datastreams. Default 100. */
  intervalMs?: number;
  /** Default `REGION`. */
  region?: typeof REGION;
  /** Number of the build's flash pages, from the start of the region. Default: the whole region. */
  pages?: number;
  standIn?: Partial<StandInOptions>;
  /** More properties of the device object, as source. */
  device?: string;
  /** More fields of backfill.json. */
  settings?: object;
  /** Espruino code that runs before the program. */
  afterPrelude?: string;
  /** Of the device, its time server and the stand-in. Default: this machine's clock. */
  clock?: QuickClock;
  /** The array's source. Default: v1 reads the clock, v2 a slow ramp. */
  datastreams?: string;
}

/** The part of `backfill.status()` that these tests read. */
export interface Status {
  version: string;
  session: number;
  rawMs: number;
  time: { trueMs: number; boundMs: number } | null;
  streams: StreamStatus[];
  ring: { pages: number; usedPages: number };
  quota: { pointsLeft: number; requestsLeft: number; pointsMax: number };
  verdict: number;
  verdictText: string;
  wifi: boolean;
  memory: { used: number; total: number };
  faults: string[];
}

export interface StreamStatus {
  pin: string;
  sampled: number;
  delivered: number;
  pending: number;
  missed: number;
  failed: number;
  dropped: { [reason: string]: number };
}

export interface Logger {
  folder: string;
  standIn: BlynkStandIn;
  server: StandInServer;
  time: TimeServer;
  contents: FlashContents;
  bundleBytes: number;
  /** Power-on: starts a new interpreter on the same flash file. */
  boot(): Interpreter;
  stop(): Promise<void>;
}

/**
 * v1 reads the clock (ms modulo 10^9), so that every point tells the time when it was taken. Each reading is printed as
 * `R1 value`, so that a test knows it after a kill. v2 is a slow ramp: one code word for each sample.
 */
const DATASTREAMS = `[
  { pin: "v1", name: "clock", intervalMs: INTERVAL, decimals: 0, sensor: custom(() => reading(1, Math.floor(Date.now()) % 1000000000)) },
  { pin: "v2", name: "ramp", intervalMs: INTERVAL, decimals: 1, sensor: custom(() => reading(2, 20 + (Math.floor(Date.now() / 1000) % 100) / 10)) },
]`;

function deviceSource(options: LoggerOptions, pageBytes: number): string {
  const streams = (options.datastreams ?? DATASTREAMS).replaceAll("INTERVAL", String(options.intervalMs ?? 100));
  const region = options.region ?? REGION;
  const bytes = options.pages === undefined ? region.bytes : options.pages * pageBytes;
  return `import type { Device } from "./device-types.ts";
import { custom } from "./sensors/custom.ts";
const reading = (pin: number, value: number): number => {
  console.log("R" + pin + " " + value);
  return value;
};
export const device: Device = {
  name: "interpreter",
  datastreams: ${streams},
  server: { url: "https://blynk.invalid", allowPlainHttp: true, pointsPerDayMax: 1000000, requestsPerDayMax: 10000 },
  timeServers: ["time.test"],
  region: { address: ${region.address}, bytes: ${bytes} },
  button: { pin: "D0", activeLow: true },
  led: { pin: "D2", activeLow: false },
  ${options.device ?? ""}
};
void reading;
`;
}

/** Builds the firmware, provisions a flash and starts the servers. Nothing runs before `boot()`. */
export async function createLogger(options: LoggerOptions = {}): Promise<Logger> {
  const standIn = new BlynkStandIn({
    tokens: [TOKEN],
    ...options.standIn,
    limits: { pointsPerDay: 1_000_000, ...options.standIn?.limits },
  });
  const { clock } = options;
  const nowMs = clock && (() => Date.now() + clock.offsetMs());
  const server = await startServer(standIn, { tls: options.tls, nowMs });
  const time = await startTimeServer();
  if (clock) Object.defineProperty(time, "offsetMs", { get: clock.offsetMs });
  const { pageBytes } = await readPool();
  const { code, bytes } = await bundleFirmware({ deviceSource: deviceSource(options, pageBytes) });
  const contents: FlashContents = {
    program: code,
    region: options.region,
    timePorts: { "time.test": time.port },
    afterPrelude: (clock?.code ?? "") + (options.afterPrelude ?? ""),
    files: {
      "backfill.json": {
        token: TOKEN,
        networks: [{ ssid: SSID, password: PASSWORD }],
        server: server.url,
        ...options.settings,
      },
    },
  };
  const folder = await provision(contents);
  const running = new Set<Interpreter>();
  return {
    folder: folder.path,
    standIn,
    server,
    time,
    contents,
    bundleBytes: bytes,
    boot() {
      const interpreter = startInterpreter(folder.path);
      running.add(interpreter);
      return interpreter;
    },
    async stop() {
      for (const interpreter of running) await interpreter.kill();
      await server.close();
      await time.close();
      folder.remove();
    },
  };
}

/** "" when each datastream has `sampled = delivered + pending + dropped`, else those that do not. */
export function imbalance(status: Status): string {
  return status.streams
    .map((stream) => {
      const dropped = Object.values(stream.dropped).reduce((sum, count) => sum + count, 0);
      const rest = stream.sampled - stream.delivered - stream.pending - dropped;
      return rest === 0 ? "" : `${stream.pin}: ${JSON.stringify(stream)}`;
    })
    .join("");
}

export const STATUS = "backfill.status()";

/** Turns on the Wi-Fi, starts a sync, and waits until `enough` accepts the status. */
export async function syncUntil(
  interpreter: Interpreter,
  enough: (status: Status) => boolean,
  timeoutMs = 30_000,
): Promise<Status> {
  await interpreter.evaluate("air.up=true");
  await interpreter.evaluate("backfill.sync()");
  return interpreter.until<Status>(STATUS, enough, timeoutMs);
}

/** A device after a sync without Wi-Fi and a complete one: everything that is made once is made. */
export async function bootAndSync(logger: Logger): Promise<Interpreter> {
  const device = logger.boot();
  await device.line(/^backfill \S+ logging/);
  await device.line(/sync: no access point/, 20_000);
  await device.evaluate("air.up=true");
  await device.evaluate("setTimeout(backfill.sync,100)");
  await device.line(/sync: everything sent/, 30_000);
  return device;
}

/** Readings that were certainly committed: a later reading of the same datastream was printed. */
export function committed(interpreter: Interpreter, pin: number): number[] {
  const values = interpreter
    .lines()
    .filter((line) => line.startsWith(`R${pin} `))
    .map((line) => Number(line.slice(3)));
  return values.slice(0, -1);
}
