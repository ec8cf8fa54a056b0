/** Time servers, with the script's faults. */

import { DAY_MS, durationMs, within } from "../duration.ts";
import type { Prng } from "../prng.ts";
import type { NtpFault, NtpFaultKind } from "../script.ts";
import type { World } from "../world.ts";
import type { OneWay } from "./latency.ts";
import { ntpAnswer } from "./ntp-answer.ts";

/** Takes a datagram, its sender's address and port. */
export type Receive = (data: string, from: string, port: number) => void;

export interface TimeServers {
  /** A request leaves the device for `host`; an answer, if any, comes back through `receive`. */
  ask(request: string, host: string, receive: Receive): void;
  /** Called when a true answer reaches the device. */
  onTime: (() => void) | undefined;
}

const NTP_PORT = 123;
/** Google's and Amazon's servers smear a leap second over this. */
const SMEAR_MS = DAY_MS;

export function createTimeServers(options: {
  world: World;
  prng: Prng;
  oneWayMs: OneWay;
  faults: NtpFault[];
  /** Whether the device's packets go anywhere. */
  reachable(): boolean;
}): TimeServers {
  const { world, prng, oneWayMs, faults, reachable } = options;
  const hosts: string[] = [];

  function faultOf(server: number, kind: NtpFaultKind): NtpFault | undefined {
    return faults.find(
      (fault) =>
        fault.kind === kind &&
        within(fault, world.nowMs()) &&
        (fault.server === undefined || fault.server === server) &&
        (fault.share === undefined || prng.chance(fault.share)),
    );
  }

  const servers: TimeServers = {
    onTime: undefined,
    ask(request, host, receive) {
      if (!hosts.includes(host)) hosts.push(host);
      const server = hosts.indexOf(host);
      if (faultOf(server, "blocked")) return;
      const upMs = oneWayMs(true);
      const downMs = oneWayMs(false) + durationMs(faultOf(server, "late")?.delay ?? 0);
      const offsetMs = lieMs(faultOf(server, "lies"), world.nowMs());
      const flags = {
        kiss: faultOf(server, "kiss") !== undefined,
        alarm: faultOf(server, "unsynchronized") !== undefined,
        stale: faultOf(server, "stale") !== undefined,
        zero: faultOf(server, "zero") !== undefined,
      };
      const isTrue = offsetMs === 0 && !flags.kiss && !flags.alarm && !flags.stale && !flags.zero;
      world.at(world.nowMs() + upMs, () => {
        const reply = ntpAnswer(request, world.trueMs() + offsetMs, flags);
        world.at(world.nowMs() + downMs, () => {
          if (!reachable()) return;
          if (isTrue) servers.onTime?.();
          receive(reply, `10.0.0.${server + 1}`, NTP_PORT);
        });
      });
    },
  };
  return servers;
}

/** How far ahead a lying server's clock is. */
function lieMs(fault: NtpFault | undefined, nowMs: number): number {
  if (fault === undefined) return 0;
  const smeared = Math.min(1, (nowMs - durationMs(fault.from ?? 0)) / SMEAR_MS);
  return durationMs(fault.offset ?? 0) + durationMs(fault.smear ?? 0) * smeared;
}
