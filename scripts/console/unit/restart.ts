import { setTimeout as sleep } from "node:timers/promises";
import { FieldError } from "../terminal/field-error.ts";
import type { DeviceConsole } from "../transport/device-console.ts";

/** What `backfill.status()` gives; see firmware/main.ts. */
export interface DeviceStatus {
  version: string;
  session: number;
  rawMs: number;
  time: { trueMs: number; boundMs: number } | null;
  streams: {
    pin: string;
    name: string;
    sampled: number;
    delivered: number;
    pending: number;
    dropped: Record<string, number>;
    missed: number;
    failed: number;
  }[];
  ring: { pages: number; usedPages: number };
  /** Null when nothing is logged. */
  quota: { pointsLeft: number; requestsLeft: number; pointsMax: number } | null;
  /** Null when the backlog grows. */
  backlogClearsMs: number | null;
  verdict: number;
  verdictText: string;
  wifi: boolean;
  memory: { used: number; total: number };
  faults: string[];
}

const GREETING = /^backfill (\S+) logging (\d+) datastreams?/;
/** Restart, mount of a large region, and a first blocking connect. */
const GREETING_TIMEOUT_MS = 60000;
const RETRY_MS = 1000;

/** The firmware's status, or undefined when it does not run. */
export async function readStatus(device: DeviceConsole): Promise<DeviceStatus | undefined> {
  const status = await device.evaluate('typeof backfill=="undefined"?null:backfill.status()');
  return status === null || status === undefined ? undefined : (status as DeviceStatus);
}

export interface RestartOptions {
  /** Opens the console again where the restart closes it, as over the network. */
  reconnect: () => Promise<DeviceConsole>;
  timeoutMs?: number;
  retryMs?: number;
}

/**
 * Restarts the device and waits until the firmware says its name: by its first line, or, where the connection went with
 * the restart, by its answer. Resolves with the console to go on with. Throws a `FieldError` with what it said instead.
 */
export async function restartAndGreet(
  device: DeviceConsole,
  options: RestartOptions,
): Promise<{ device: DeviceConsole; version: string }> {
  const deadlineMs = Date.now() + (options.timeoutMs ?? GREETING_TIMEOUT_MS);
  const lines: string[] = [];
  const outcome = new Promise<string | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), Math.max(1, deadlineMs - Date.now()));
    const end = (version: string | undefined) => {
      clearTimeout(timer);
      resolve(version);
    };
    device.onLine((line) => {
      if (line !== "") lines.push(line);
      const match = GREETING.exec(line);
      if (match) end(match[1]);
    });
    device.onClose(() => end(undefined));
  });
  // Linux's Espruino ends at E.reboot (targets/linux/jshardware.c); load() runs the boot code as well.
  await device.send(device.board === "LINUX" ? "load()" : "E.reboot()").catch(() => {});
  const version = await outcome;
  if (version !== undefined) return { device, version };
  device.close();
  for (;;) {
    try {
      const again = await options.reconnect();
      const status = await readStatus(again);
      if (status !== undefined) return { device: again, version: status.version };
      again.close();
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
    }
    if (Date.now() >= deadlineMs) break;
    await sleep(options.retryMs ?? RETRY_MS);
  }
  const said = lines.slice(-5).join("\n    ");
  throw new FieldError(
    `The program is stored, but the firmware did not report after the restart.${said === "" ? "" : ` The device's last lines:\n    ${said}`}`,
    "Look at `npm run monitor`. A device whose telnet console is off in the new device file can be asked by cable only.",
  );
}
