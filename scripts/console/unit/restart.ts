import { setTimeout as sleep } from "node:timers/promises";
import { FieldError } from "../terminal/field-error.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { readStatus } from "./device-status.ts";
import { syntaxErrorAtLoad } from "./load-error.ts";

/** The firmware's first line (firmware/main.ts). */
const GREETING = /^backfill (\S+) logging (\d+) datastreams?/;
/** Restart, mount of a large region, and a first connect that blocks. */
const GREETING_TIMEOUT_MS = 60000;
const RETRY_MS = 1000;

export interface RestartOptions {
  /** Opens the console again when the restart closes it, as a telnet console does. */
  reconnect: () => Promise<DeviceConsole>;
  timeoutMs?: number;
  retryMs?: number;
}

export interface Restarted {
  /** The console to use from now on. */
  device: DeviceConsole;
  /** Of the firmware that started. */
  version: string;
}

/**
 * Restarts the device and waits until the firmware reports: by its first line or, where the restart closed the connection,
 * by its status. Throws a `FieldError` with the device's last lines when it does not report, and at once when it can't parse
 * the program.
 */
export async function restartFirmware(device: DeviceConsole, options: RestartOptions): Promise<Restarted> {
  const deadlineMs = Date.now() + (options.timeoutMs ?? GREETING_TIMEOUT_MS);
  const lines: string[] = [];
  const greeting = Promise.race([waitForGreeting(device, lines, deadlineMs), syntaxErrorAtLoad(device)]);
  greeting.catch(() => {}); // It is awaited only once the restart is sent.
  // Espruino for Linux ends at E.reboot (targets/linux/jshardware.c); load() runs the boot code too.
  await device.send(device.board === "LINUX" ? "load()" : "E.reboot()").catch(() => {});
  const version = await greeting;
  if (version !== undefined) return { device, version };
  await device.close();
  for (;;) {
    try {
      const again = await options.reconnect();
      const status = await readStatus(again);
      if (status !== undefined) return { device: again, version: status.version };
      await again.close();
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
    }
    if (Date.now() >= deadlineMs) break;
    await sleep(options.retryMs ?? RETRY_MS);
  }
  throw new FieldError(
    `The firmware did not report after the restart.${describeLines(lines)}`,
    "Run `npm run monitor` and read what the device prints. If the device file turns the telnet console off, only the cable reaches the device.",
  );
}

/** What Espruino prints when a program dies. */
const DEATH = /^Uncaught|OUT OF MEMORY|^ERROR:|^New interpreter error/;
/** The place of an error: source text with a caret below it, dots where it was cut. */
const CARET = /^\s*\^?\s*$/;

/** The first reason that a program gave for dying, whole; then the last lines. */
function describeLines(lines: string[]): string {
  const reason = lines.find((line) => DEATH.test(line));
  const told = lines.filter((line) => line !== reason && !CARET.test(line) && !line.startsWith("...")).slice(-5);
  const died = reason === undefined ? "" : ` It ended with:\n    ${reason}`;
  return (
    died +
    (told.length === 0 ? "" : `${died === "" ? " " : "\n  "}The device's last lines:\n    ${told.join("\n    ")}`)
  );
}

/** The version in the greeting, or undefined when the connection closes or the time is over first. Collects all lines. */
function waitForGreeting(device: DeviceConsole, lines: string[], deadlineMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
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
}
