/** A simulation's outcome for people: a table, a chart of what arrived, and what is wrong, if anything. */
import { plot } from "asciichart";
import Table from "cli-table3";
import pc from "picocolors";
import type { Simulation } from "./simulate.ts";

const CHART_COLUMNS = 64;

export function summary(simulation: Simulation, names: Map<string, string>): string {
  const { report } = simulation;
  const days = (report.simulatedMs / 86_400_000).toFixed(1);
  const parts = [
    `${pc.bold(report.scenario)}: ${days} days in ${(report.wallMs / 1000).toFixed(1)} s, seed ${report.seed}`,
    table(simulation, names),
    chart(simulation, names),
    facts(simulation),
    ...simulation.problems.map((problem) => pc.red(`not balanced: ${problem}`)),
    ...report.server.violations.slice(0, 10).map((violation) => pc.red(`violation: ${violation}`)),
    ...simulation.uncaught.slice(0, 3).map((error) => pc.red(`uncaught: ${error.split("\n")[0]}`)),
    verdict(simulation),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function table({ report }: Simulation, names: Map<string, string>): string {
  const out = new Table({
    head: ["datastream", "sampled", "delivered", "pending", "dropped", "missed", "failed"],
    style: pc.isColorSupported ? { head: ["bold"], border: ["dim"] } : { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
    colAligns: ["left", "right", "right", "right", "right", "right", "right"],
  });
  for (const stream of report.streams) {
    const dropped = Object.entries(stream.dropped)
      .filter(([, of]) => of > 0)
      .map(([reason, of]) => `${count(of)} ${reason}`);
    out.push([
      `${stream.pin} ${names.get(stream.pin) ?? ""}`,
      count(stream.sampled),
      count(stream.delivered),
      count(stream.pending),
      dropped.join(", ") || "0",
      count(stream.missed),
      count(stream.failed),
    ]);
  }
  return out.toString();
}

/** The first datastream's values over time, as the server holds them. A gap shows the last value before it. */
function chart({ points }: Simulation, names: Map<string, string>): string {
  if (points.length < 2) return pc.dim("nothing arrived");
  const { pin } = points[0];
  const own = points.filter((point) => point.pin === pin);
  const first = own[0].ts;
  const span = own[own.length - 1].ts - first || 1;
  const columns: number[] = [];
  let at = 0;
  for (let i = 0; i < CHART_COLUMNS; i++) {
    while (at + 1 < own.length && own[at + 1].ts <= first + (span * i) / (CHART_COLUMNS - 1)) at++;
    columns.push(Number(own[at].value));
  }
  const title = `${pin} ${names.get(pin) ?? ""}, ${counts(own.length, "point")} on the server: ${day(first)} to ${day(first + span)} UTC`;
  return `${pc.dim(title)}\n${plot(columns, { height: 8 })}`;
}

const day = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");

function facts({ report, boots, bodyBytesShortest }: Simulation): string {
  const { server, flash, time } = report;
  const short = server.bodyBytes === bodyBytesShortest ? "as short as JSON can be" : `${bodyBytesShortest} would do`;
  const uncorrected =
    time.uncorrectedMsMax > time.errorMsMax
      ? ` (a clock that is only set at each sync: ${count(time.uncorrectedMsMax)} ms)`
      : "";
  const lines = [
    `server    ${counts(server.requests, "request")}, ${counts(server.points, "point")} held, ${count(server.duplicates)} came twice; ` +
      `at most ${count(server.pointsMaxInRequest)} in a request, ${count(server.pointsMaxIn24h)} in 24 h`,
    `bodies    ${count(server.bodyBytes)} bytes, ${short}`,
    `times     at most ${count(time.errorMsMax)} ms off${uncorrected}`,
    `flash     ${flash.bytesPerSample} bytes a sample, ${counts(flash.erases, "erase")}; ${counts(boots, "boot")}`,
    `verdicts  ${verdicts(report.verdicts)}`,
  ];
  return pc.dim(lines.join("\n"));
}

const count = (n: number): string => n.toLocaleString("en-US");
const counts = (n: number, one: string): string => `${count(n)} ${n === 1 ? one : `${one}s`}`;

/** In their order; when there are many, each with its count. */
function verdicts(all: string[]): string {
  if (all.length <= 6) return all.join(" → ") || "none";
  const times = new Map<string, number>();
  for (const one of all) times.set(one, (times.get(one) ?? 0) + 1);
  return [...times].map(([text, n]) => `${text} (${n}×)`).join(", ");
}

function verdict({ report, drained }: Simulation): string {
  const rest = report.streams.reduce((sum, stream) => sum + stream.pending, 0);
  if (!report.balanced || report.server.violations.length > 0) return pc.red("Something is wrong: see above.");
  if (!drained && rest > 0)
    return pc.yellow(
      `Balanced, no violations; ${count(rest)} ${rest === 1 ? "sample is" : "samples are"} still waiting.`,
    );
  return pc.green("Balanced: every sample is accounted for, and the server's limits were kept.");
}
