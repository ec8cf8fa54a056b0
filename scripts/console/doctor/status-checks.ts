/** Checks of what the running firmware reports in its status. */
import type { Device } from "../../../firmware/device-types.ts";
import type { DeviceStatus, StreamStatus } from "../../../firmware/status-types.ts";
import { counted } from "../../build/counted.ts";
import type { Finding } from "./finding.ts";

const MEMORY_PERCENT_MAX = 85;
const DAY_MS = 86400000;

/** Whether the firmware runs, and how its last sync ended. */
export function checkFirmware(status: DeviceStatus | undefined): Finding {
  const name = "firmware";
  if (status === undefined) {
    const advice =
      "Run `npm run monitor` and press the reset button (EN): the first lines that the device prints say what is wrong.";
    return { name, verdict: "fail", found: "does not run", advice };
  }
  const to = status.server ? `, sends to ${status.server}` : "";
  const found = `${status.version}, ${counted(status.streams.length, "datastream")}${to}, last sync: ${status.verdictText}`;
  if (status.faults.length > 0) {
    return { name, verdict: "fail", found: `${found}; ${status.faults.join("; ")}`, advice: "Fix the named fault." };
  }
  if (status.verdict === 0) return { name, verdict: "ok", found };
  return { name, verdict: "warn", found, advice: "docs/field-card.md says what to do for each verdict." };
}

/** How much of the memory is in use. */
export function checkMemory(status: DeviceStatus): Finding {
  const { used, total } = status.memory;
  const percent = Math.round((used / total) * 100);
  const found = `${used} of ${total} variables (JsVars) in use (${percent} %)`;
  if (percent < MEMORY_PERCENT_MAX) return { name: "memory", verdict: "ok", found };
  const advice = "Take datastreams out of the device file, or use a board with more memory.";
  return { name: "memory", verdict: "warn", found, advice };
}

/** Whether the device's time agrees with this computer's. */
export function checkClock(status: DeviceStatus): Finding {
  const name = "clock";
  if (status.time === null) {
    const advice = "The first sync sets it. If syncs end with “no time”, the network may block NTP (UDP port 123).";
    return { name, verdict: "warn", found: "not set yet; the samples wait until it is set", advice };
  }
  const { trueMs, boundMs } = status.time;
  const offMs = Math.abs(Date.now() - trueMs);
  const found = `${new Date(trueMs).toISOString()}, correct within ${formatMs(boundMs)}`;
  // This computer's clock may be the wrong one. The firmware never sends with a bound of a day: that is a failure.
  if (offMs < Math.max(boundMs, 60000) * 2) return { name, verdict: "ok", found };
  const advice = `It differs from this computer's clock by ${formatMs(offMs)}. Find out which of the two is correct.`;
  return { name, verdict: offMs > DAY_MS ? "fail" : "warn", found, advice };
}

/** What became of the samples. */
export function checkSamples(status: DeviceStatus): Finding {
  const name = "samples";
  const sum = (of: (stream: StreamStatus) => number) => status.streams.reduce((n, stream) => n + of(stream), 0);
  const failed = sum((stream) => stream.failed);
  const failing = status.streams.filter((stream) => stream.failed > 0).map(nameOf);
  const dropped = new Map<string, number>();
  for (const stream of status.streams) {
    for (const [reason, count] of Object.entries(stream.dropped)) {
      if (count > 0) dropped.set(reason, (dropped.get(reason) ?? 0) + count);
    }
  }
  const found = [
    `${sum((stream) => stream.sampled)} taken`,
    `${sum((stream) => stream.delivered)} delivered`,
    `${sum((stream) => stream.pending)} pending`,
    ...[...dropped].map(([reason, count]) => `${count} ${reason}`),
    ...(failed > 0 ? [`${counted(failed, "reading")} failed (${failing.join(", ")})`] : []),
  ].join(", ");
  if (dropped.size === 0 && failed === 0) return { name, verdict: "ok", found };
  return {
    name,
    verdict: "warn",
    found,
    advice: "“What became of the samples” in docs/flashing.md says what each reason means.",
  };
}

/** Whether the named device file is the one that runs on the unit, by pins and names. */
export function checkDeviceFile(status: DeviceStatus, file: { device: Device; path: string }): Finding {
  const name = "device file";
  const runs = status.streams.map(nameOf);
  const written = file.device.datastreams.map(nameOf);
  const differing = [
    ...written.filter((one) => !runs.includes(one)).map((one) => `${one} is not on the unit`),
    ...runs.filter((one) => !written.includes(one)).map((one) => `the unit's ${one} is not in the file`),
  ];
  if (differing.length === 0) return { name, verdict: "ok", found: `${file.path}: the unit's datastreams` };
  const advice = "Give the unit's own device file with --device, or put this one on it with `npm run flash`.";
  return { name, verdict: "warn", found: `${file.path} is not what runs: ${differing.join(", ")}`, advice };
}

function nameOf({ pin, name }: { pin: string; name: string }): string {
  return `${pin} ${name}`;
}

function formatMs(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120000) return `${Math.round(ms / 1000)} s`;
  if (ms < 2 * DAY_MS) return `${Math.round(ms / 60000)} min`;
  return counted(Math.round(ms / DAY_MS), "day");
}
