import Table from "cli-table3";
import type { DeviceStatus } from "../../../firmware/status-types.ts";
import { counted } from "../../build/counted.ts";
import type { Terminal } from "./terminal.ts";

const BAR_CHARS = 30;
const HOUR_MS = 3600000;

/** The share of `value` in `whole` as 30 characters: `██████░░░░░░`. */
export function bar(value: number, whole: number): string {
  const filled = whole > 0 ? Math.round((Math.min(Math.max(value, 0), whole) / whole) * BAR_CHARS) : 0;
  return `${"█".repeat(filled)}${"░".repeat(BAR_CHARS - filled)}`;
}

/** The status as a few lines for a terminal. */
export function formatStatus(status: DeviceStatus, terminal: Terminal): string {
  const { bold, yellow, red } = terminal.colors;
  const time =
    status.time === null
      ? yellow("not known yet")
      : `${new Date(status.time.trueMs).toISOString()} ±${Math.round(status.time.boundMs)} ms`;
  const lines = [
    `${bold(`backfill ${status.version}`)}, session ${status.session}, Wi-Fi ${status.wifi ? "connected" : "not connected"}`,
    `server     ${status.server || yellow("none that can be used")}`,
    formatStreams(status.streams),
    `time       ${time}`,
    `ring       ${formatRing(status.ring)}`,
    `allowance  ${formatQuota(status.quota)}`,
    `last sync  ${status.verdict === 0 ? status.verdictText : yellow(`${status.verdict}: ${status.verdictText}`)}`,
  ];
  const pending = status.streams.some((stream) => stream.pending > 0);
  if (status.backlogClearsMs === null && pending) lines.push(yellow("backlog    grows faster than it can be sent"));
  if (status.backlogClearsMs !== null && status.backlogClearsMs > 0) {
    lines.push(`backlog    sent in about ${Math.ceil(status.backlogClearsMs / HOUR_MS)} h`);
  }
  for (const fault of status.faults) lines.push(red(`fault      ${fault}`));
  return lines.join("\n");
}

function formatStreams(streams: DeviceStatus["streams"]): string {
  const table = new Table({
    head: ["pin", "name", "taken", "delivered", "pending", "dropped", "missed", "failed"],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const stream of streams) {
    const dropped = Object.entries(stream.dropped).filter(([, count]) => count > 0);
    table.push([
      stream.pin,
      stream.name,
      stream.sampled,
      stream.delivered,
      stream.pending,
      dropped.length === 0 ? 0 : dropped.map(([reason, count]) => `${count} ${reason}`).join(", "),
      stream.missed,
      stream.failed,
    ]);
  }
  const mistakes = streams.flatMap(({ pin, misdated, duplicated }) => {
    const misdatedPart =
      misdated > 0
        ? [`${counted(misdated, `point of ${pin} stands`, `points of ${pin} stand`)} on the server with a wrong time`]
        : [];
    return duplicated > 0
      ? [...misdatedPart, `${counted(duplicated, `point of ${pin}`, `points of ${pin}`)} may stand there twice`]
      : misdatedPart;
  });
  return [table.toString(), ...mistakes].join("\n");
}

function formatRing(ring: DeviceStatus["ring"]): string {
  const { pages, usedPages, keptPages, badPages, mendedPages, decayedPages } = ring;
  const kept = keptPages > 0 ? `, ${keptPages} kept (another format version)` : "";
  const bad = badPages > 0 ? `, ${badPages} bad` : "";
  const mended = mendedPages > 0 ? `, ${mendedPages} with a wrong bit that is put right` : "";
  const decayed = decayedPages > 0 ? `, ${decayedPages} decayed (their samples are lost)` : "";
  return `${bar(usedPages, pages)} ${usedPages} of ${pages} pages${kept}${bad}${mended}${decayed}`;
}

function formatQuota(quota: DeviceStatus["quota"]): string {
  if (quota === null) return "nothing is sent";
  const spent = quota.pointsMax - quota.pointsLeft;
  // Older firmware does not say it.
  const plan = (quota.plan ?? "documented") === "documented" ? "" : `, plan "${quota.plan}"`;
  return `${bar(spent, quota.pointsMax)} ${spent} of ${quota.pointsMax} points today, ${counted(quota.requestsLeft, "request")} left${plan}`;
}
