/** What scenarios promise, beside balanced accounts and a server whose limits were kept. */
import type { ClockClaim, Simulation } from "../simulate.ts";

/** Nothing was dropped, and all that was sampled is on the server. */
export function allDelivered({ report }: Simulation): string[] {
  const broken: string[] = [];
  for (const stream of report.streams) {
    const dropped = Object.entries(stream.dropped).filter(([, count]) => count > 0);
    for (const [reason, count] of dropped) broken.push(`${stream.pin}: ${count} ${reason}`);
    if (stream.pending > 0) broken.push(`${stream.pin}: ${stream.pending} pending`);
    if (stream.sampled === 0) broken.push(`${stream.pin}: nothing sampled`);
  }
  return broken;
}

/** No timestamp has a larger error than this. */
export function timesWithin(boundMs: number): (simulation: Simulation) => string[] {
  return ({ report }) =>
    report.time.errorMsMax <= boundMs ? [] : [`a time is ${report.time.errorMsMax} ms off, ${boundMs} allowed`];
}

/** Without the correction of times, the same run would have an error of more than this. */
export function correctsMoreThan(ms: number): (simulation: Simulation) => string[] {
  return ({ report }) =>
    report.time.uncorrectedMsMax > ms ? [] : [`uncorrected, a time is only ${report.time.uncorrectedMsMax} ms off`];
}

/** Requests per 10,000 points that the server holds; failed requests count too. */
export function requestsPer10000({ report, exchanges }: Simulation): number {
  return (exchanges.length * 10_000) / report.server.points;
}

export function requestsWithin(most: number): (simulation: Simulation) => string[] {
  return (simulation) =>
    requestsPer10000(simulation) <= most
      ? []
      : [`${requestsPer10000(simulation).toFixed(1)} requests per 10,000 points, ${most} allowed`];
}

/** Several promises at once. */
export function all(...promises: ((simulation: Simulation) => string[])[]): (simulation: Simulation) => string[] {
  return (simulation) => promises.flatMap((promise) => promise(simulation));
}

export const dropped = ({ report }: Simulation, reason: keyof Simulation["report"]["streams"][0]["dropped"]): number =>
  report.streams.reduce((sum, stream) => sum + stream.dropped[reason], 0);

/**
 * Each time that the firmware stated was right within the bound that it stated. `status()` gives whole ms, rounded from a
 * straight line, so one ms is granted.
 */
export function claimsHold({ clockClaims }: Pick<Simulation, "clockClaims">): string[] {
  let worst: ClockClaim | undefined;
  for (const claim of clockClaims) if (!worst || over(claim) > over(worst)) worst = claim;
  if (worst === undefined || over(worst) <= 1) return [];
  const { atMs, errorMs, boundMs } = worst;
  return [`after ${(atMs / 3_600_000).toFixed(1)} h the clock was ${errorMs.toFixed(1)} ms off, ${boundMs} stated`];
}

const over = ({ errorMs, boundMs }: ClockClaim): number => errorMs - boundMs;

/** Every sample taken from this time on, in ms since power-on, is on the server. */
export function deliveredSince(fromMs: number): (simulation: Simulation) => string[] {
  return ({ readings, points, startMs }) => {
    const broken: string[] = [];
    for (const [pin, { trueMs }] of readings) {
      const taken = trueMs.filter((ms) => ms >= startMs + fromMs).length;
      // A point may be some ms early.
      const held = points.filter((point) => point.pin === `v${pin}` && point.ts >= startMs + fromMs - 1000).length;
      // There may always be a round that waits for its request.
      if (held > taken || held < taken - 90) broken.push(`v${pin}: ${held} delivered of ${taken} since the fault`);
    }
    return broken;
  };
}

/** The whole run is one stretch of continuous raw time. */
export function oneSession({ status, boots }: Simulation): string[] {
  return boots === 1 && status.session === 8 ? [] : [`session ${status.session} after ${boots} boots`];
}
