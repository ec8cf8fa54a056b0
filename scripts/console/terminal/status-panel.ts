import Table from "cli-table3";
import type { DeviceStatus } from "../unit/restart.ts";
import type { Terminal } from "./terminal.ts";

const BAR_CHARS = 30;

/** A bar of so much of so much: `████░░░░ 12 of 30`. */
export function bar(value: number, whole: number): string {
  const filled = whole > 0 ? Math.round((Math.min(Math.max(value, 0), whole) / whole) * BAR_CHARS) : 0;
  return `${"█".repeat(filled)}${"░".repeat(BAR_CHARS - filled)}`;
}

/** The status as a few lines for a terminal. */
export function formatStatus(status: DeviceStatus, terminal: Terminal): string {
  const { bold, yellow, red } = terminal.colors;
  const table = new Table({
    head: ["pin", "name", "taken", "delivered", "pending", "dropped", "missed", "failed"],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const stream of status.streams) {
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
  const { pages, usedPages } = status.ring;
  const { quota } = status;
  const time =
    status.time === null
      ? yellow("not known yet")
      : `${new Date(status.time.trueMs).toISOString()} ±${Math.round(status.time.boundMs)} ms`;
  const lines = [
    `${bold(`backfill ${status.version}`)}, session ${status.session}, Wi-Fi ${status.wifi ? "connected" : "not connected"}`,
    table.toString(),
    `time       ${time}`,
    `ring       ${bar(usedPages, pages)} ${usedPages} of ${pages} pages`,
    quota === null
      ? "allowance  nothing is sent"
      : `allowance  ${bar(quota.pointsMax - quota.pointsLeft, quota.pointsMax)} ${quota.pointsMax - quota.pointsLeft} of ${quota.pointsMax} points today, ${quota.requestsLeft} requests left`,
    `last sync  ${status.verdict === 0 ? status.verdictText : yellow(`${status.verdict}: ${status.verdictText}`)}`,
  ];
  const pending = status.streams.some((stream) => stream.pending > 0);
  if (status.backlogClearsMs === null && pending) lines.push(yellow("backlog    grows faster than it can be sent"));
  if (status.backlogClearsMs !== null && status.backlogClearsMs > 0) {
    lines.push(`backlog    sent in some ${Math.ceil(status.backlogClearsMs / 3600000)} h`);
  }
  for (const fault of status.faults) lines.push(red(`fault      ${fault}`));
  return lines.join("\n");
}
