/**
 * The simulated device in front of real proxies, and the stand-in behind them. The device is offline for some hours, then its way
 * to the server is wrong for a while, then right. Time is virtual; only the sockets are real.
 */
import { expect, onTestFinished } from "vitest";
import { type StandInServer, startServer } from "../../scripts/blynk-stand-in/server.ts";
import { BlynkStandIn } from "../../scripts/blynk-stand-in/stand-in.ts";
import { room } from "../../scripts/simulator/scenarios/scenario.ts";
import { durationMs, runSimulation, type Script, type Simulation } from "../../scripts/simulator/simulate.ts";
import type { Daemon } from "./daemon.ts";

export const TOKEN = "real-token-0123456789abcdefghij";
/** The server's name as provisioned on the unit. */
export const HOST = "blynk.cloud";
/** Before the first connection, so that a backlog waits. */
const OFFLINE_MS = durationMs("6h");
const DAY_MS = durationMs("1d");

export interface LifeOptions {
  server: StandInServer;
  /** What the device reaches in place of the server, while its way is wrong: an origin, or one for each connection in turn. */
  wrong: string | string[];
  /** From the first connection on. Default 3h. */
  wrongFor?: string;
  /** The way to the server once it is right. Default: straight. */
  right?: string;
  /** Other names that the device may ask for, and the origins they stand for. */
  hosts?: Record<string, string>;
  /** Default "http". */
  scheme?: "http" | "https";
  script?: Script;
}

export interface Life {
  simulation: Simulation;
  /** Every connection that the device opened: when, since power-on, and to which name. */
  connections: { atMs: number; host: string }[];
  /** When the way is wrong, since power-on. */
  wrongFromMs: number;
  wrongToMs: number;
}

/** A daemon for this test. */
export async function use(starting: Promise<Daemon>): Promise<Daemon> {
  const daemon = await starting;
  onTestFinished(daemon.stop);
  return daemon;
}

/** A stand-in that knows the device, behind a real socket, for this test. */
export async function startBlynk(): Promise<StandInServer> {
  const server = await startServer(new BlynkStandIn({ tokens: [TOKEN] }));
  onTestFinished(server.close);
  return server;
}

/** Port 1 of this machine: nobody listens there. */
export const NOWHERE = "http://127.0.0.1:1";

export async function live(options: LifeOptions): Promise<Life> {
  const { server, wrong, right = server.url, hosts = {}, scheme = "http" } = options;
  const wrongToMs = OFFLINE_MS + durationMs(options.wrongFor ?? "3h");
  const connections: Life["connections"] = [];
  const ways = [wrong].flat();
  const simulation = await runSimulation(
    { ...room(), plainHttp: true },
    {
      scenario: "real proxies",
      offline: OFFLINE_MS,
      atLeast: wrongToMs,
      until: wrongToMs + DAY_MS,
      ...options.script,
      server: {
        url: `${scheme}://${HOST}`,
        token: TOKEN,
        behind: server,
        route(host, _port, nowMs) {
          connections.push({ atMs: nowMs, host });
          if (host !== HOST) return hosts[host] ?? NOWHERE;
          return nowMs < wrongToMs ? ways[connections.length % ways.length] : right;
        },
      },
    },
  );
  if (process.env.REAL_CONSOLE !== undefined) {
    console.log(`${expect.getState().currentTestName}\n${diary(simulation, connections)}`);
  }
  return { simulation, connections, wrongFromMs: OFFLINE_MS, wrongToMs };
}

/** What the device said, and what it sent where, in order: REAL_CONSOLE=1 prints it for each test. */
function diary({ lines, exchanges, report, status }: Simulation, connections: Life["connections"]): string {
  const entries = [
    ...lines,
    ...connections.map(({ atMs, host }) => ({ atMs, text: `  -> ${host}` })),
    ...exchanges.map((one) => {
      const end = `${one.stored ? "taken" : "not taken"}, ${one.answered ? "200" : "no 200"}`;
      return { atMs: one.atMs, text: `  ${one.pin || "a read"}: ${one.points ?? 0} points whole, ${end}` };
    }),
  ].sort((one, other) => one.atMs - other.atMs);
  const told = entries
    .filter((one) => one.atMs >= OFFLINE_MS)
    .map(({ atMs, text }) => `${(atMs / 3_600_000).toFixed(4)} h ${text}`);
  return [...told, JSON.stringify(report), JSON.stringify(status.quota)].join("\n");
}

const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Points in all requests that reached a proxy or the server whole. */
function arrivedPoints({ exchanges }: Simulation): number {
  return sum(exchanges.map((one) => one.points ?? 0));
}

/**
 * Every sample is on the server or waits; the three accounts agree; the server's rules were kept; the day's allowance was
 * charged with what arrived and no more; and the backlog went within `hours` of the way being right again.
 */
export function expectNothingLost({ simulation, wrongToMs }: Life, hours = 3): void {
  const { report, problems, uncaught, stalled } = simulation;
  const dropped = report.streams.flatMap(({ pin, dropped }) =>
    Object.entries(dropped).flatMap(([reason, count]) => (count > 0 ? [`${pin}: ${count} ${reason}`] : [])),
  );
  const { violations } = report.server;
  expect({ problems, uncaught, dropped, violations, stalled }).toEqual({
    problems: [],
    uncaught: [],
    dropped: [],
    violations: [],
    stalled: undefined,
  });
  const waiting = sum(report.streams.map((one) => one.pending));
  expect(report.server.points, "points on the server").toBe(sum(report.streams.map((one) => one.sampled)) - waiting);
  const { quota } = simulation.status;
  const charged = quota === null ? Number.NaN : quota.pointsMax - quota.pointsLeft;
  expect(charged, "points charged").toBeLessThanOrEqual(arrivedPoints(simulation));
  const drainedAfterH = simulation.drained ? (report.simulatedMs - wrongToMs) / 3_600_000 : Number.POSITIVE_INFINITY;
  expect(drainedAfterH, "hours until the backlog was gone").toBeLessThanOrEqual(hours);
}
