import { deviceImage } from "../stored-data/flash-image.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { readBoardInfo } from "../unit/board-info.ts";
import { LOADER, readPrograms } from "../unit/program-store.ts";
import { type DeviceStatus, readStatus } from "../unit/restart.ts";
import { readStoredSettings } from "../unit/stored-settings.ts";
import type { UnitSettings } from "../unit/unit-settings.ts";
import type { Check } from "./finding.ts";
import { checkRing } from "./ring-check.ts";
import { checkCiphers, checkDns, checkServer } from "./server-checks.ts";

/** The newest runtime that the firmware was tested on; an older one is remarked on. */
const TESTED_VERSION = 2.29;
/** Below this the radio loses more packets than it gets through. */
const WEAK_DBM = -80;
const DAY_MS = 86400000;
const DEFAULT_SERVER = "https://blynk.cloud";

export interface ExamineOptions {
  server?: string;
  askServer: boolean;
  region?: string | { address: number; bytes: number };
}

/** All the doctor's checks, in the order in which one thing rests on the other. */
export async function examine(device: DeviceConsole, terminal: Terminal, options: ExamineOptions): Promise<Check[]> {
  const checks: Check[] = [];
  checks.push({ name: "port", verdict: "ok", found: device.port });
  checks.push(checkVersion(device));
  const board = await readBoardInfo(device, deviceImage(device));
  const tls = board.modules.includes("tls");
  checks.push({ name: "board", verdict: "ok", found: `${device.board}, ${tls ? "with" : "without"} TLS` });
  checks.push(await checkProgram(device));
  const status = await readStatus(device).catch(() => undefined);
  checks.push(checkFirmware(status));
  checks.push(...(await checkRing(device, board, status, options.region)));
  if (status !== undefined) checks.push(checkMemory(status), checkClock(status), checkLosses(status));
  const settings = await readStoredSettings(device, terminal.secrets);
  checks.push(checkSettingsFile(settings));
  const server = options.server ?? settings.server ?? DEFAULT_SERVER;
  checks.push(...(await checkNetwork(device, settings, server, tls, options)));
  return checks;
}

function checkVersion(device: DeviceConsole): Check {
  const [major, minor] = device.version.split("v").map(Number.parseFloat);
  const name = "runtime";
  const found = `Espruino ${device.version}`;
  if (major + minor / 100 >= TESTED_VERSION) return { name, verdict: "ok", found };
  return {
    name,
    verdict: "warn",
    found: `${found}, older than 2v29`,
    advice: "Put a newer runtime on it when you can.",
  };
}

async function checkProgram(device: DeviceConsole): Promise<Check> {
  const name = "program";
  const [newest] = await readPrograms(device);
  const loader = await device.evaluate('require("Storage").read(".bootcde")||""').catch(() => "");
  const others = (await device.evaluate(
    'require("Storage").list().filter(function(n){return [".bootrst",".boot0",".boot1",".boot2",".boot3",".bootPowerOn",".varimg"].indexOf(n)>=0})',
  )) as string[];
  if (newest === undefined || loader !== LOADER) {
    const found = newest === undefined ? "no whole program is stored" : "another program starts at power-on";
    return { name, verdict: "fail", found, advice: "`npm run flash`." };
  }
  const found = `${newest.bytes} bytes, upload ${newest.n}, CRC right`;
  if (others.length === 0) return { name, verdict: "ok", found };
  const advice = `Erase it: require("Storage").erase("${others[0]}") in the console.`;
  return { name, verdict: "warn", found: `${found}; beside it runs ${others.join(", ")}`, advice };
}

function checkFirmware(status: DeviceStatus | undefined): Check {
  const name = "firmware";
  if (status === undefined) {
    const advice = "Press the reset button (EN) and look at `npm run monitor`: its first lines say what is wrong.";
    return { name, verdict: "fail", found: "does not run", advice };
  }
  const found = `${status.version}, ${status.streams.length} datastreams, last sync: ${status.verdictText}`;
  if (status.faults.length > 0) {
    return { name, verdict: "fail", found: `${found}; ${status.faults.join("; ")}`, advice: "Put right what it says." };
  }
  if (status.verdict === 0) return { name, verdict: "ok", found };
  return { name, verdict: "warn", found, advice: "The card in the README says what to do for each verdict." };
}

function checkMemory(status: DeviceStatus): Check {
  const { used, total } = status.memory;
  const percent = Math.round((used / total) * 100);
  const found = `${used} of ${total} variables in use (${percent} %)`;
  if (percent < 85) return { name: "memory", verdict: "ok", found };
  return {
    name: "memory",
    verdict: "warn",
    found,
    advice: "Take sensors out of the device file, or a build with more memory.",
  };
}

function checkClock(status: DeviceStatus): Check {
  const name = "clock";
  if (status.time === null) {
    const advice =
      "It is set at the first sync. If syncs end with “no time”, the network may block NTP (UDP port 123).";
    return { name, verdict: "warn", found: "not set yet; samples wait for it", advice };
  }
  const { trueMs, boundMs } = status.time;
  const offMs = Math.abs(Date.now() - trueMs);
  const found = `${new Date(trueMs).toISOString()}, right within ${formatMs(boundMs)}`;
  // This computer's own clock may be the wrong one: a day is beyond any bound the firmware sends with.
  if (offMs < Math.max(boundMs, 60000) * 2) return { name, verdict: "ok", found };
  const advice = `It differs from this computer's clock by ${formatMs(offMs)}. See which of the two is right.`;
  return { name, verdict: offMs > DAY_MS ? "fail" : "warn", found, advice };
}

function checkLosses(status: DeviceStatus): Check {
  const name = "samples";
  const sum = (of: (stream: DeviceStatus["streams"][0]) => number) => status.streams.reduce((n, s) => n + of(s), 0);
  const sampled = sum((stream) => stream.sampled);
  const pending = sum((stream) => stream.pending);
  const failed = sum((stream) => stream.failed);
  const dropped: Record<string, number> = {};
  for (const stream of status.streams) {
    for (const [reason, count] of Object.entries(stream.dropped)) dropped[reason] = (dropped[reason] ?? 0) + count;
  }
  const reasons = Object.entries(dropped).filter(([, count]) => count > 0);
  const found = `${sampled} taken, ${sum((stream) => stream.delivered)} delivered, ${pending} pending${reasons
    .map(([reason, count]) => `, ${count} ${reason}`)
    .join("")}${failed > 0 ? `, ${failed} readings failed` : ""}`;
  if (reasons.length === 0 && failed === 0) return { name, verdict: "ok", found };
  return { name, verdict: "warn", found, advice: "“Where samples go” in the README says what each reason means." };
}

function checkSettingsFile(settings: UnitSettings): Check {
  const name = "settings";
  const networks = settings.networks ?? [];
  if (settings.token === undefined || networks.length === 0) {
    const found = settings.token === undefined ? "no usable token" : "no Wi-Fi network";
    return { name, verdict: "fail", found, advice: "`npm run provision`." };
  }
  return { name, verdict: "ok", found: `${networks.map((network) => `“${network.ssid}”`).join(", ")}, a token` };
}

async function checkNetwork(
  device: DeviceConsole,
  settings: UnitSettings,
  server: string,
  tls: boolean,
  options: ExamineOptions,
): Promise<Check[]> {
  const checks: Check[] = [];
  const wifi = await checkWifi(device);
  checks.push(wifi);
  if (!options.askServer) return checks;
  const skip = (name: string, found: string): Check => ({ name, verdict: "skip", found });
  if (wifi.verdict === "skip" || wifi.verdict === "fail") {
    for (const name of ["DNS", "server", "token"]) checks.push(skip(name, "the device is not in a network now"));
  } else if (settings.token === undefined) {
    for (const name of ["DNS", "server", "token"]) checks.push(skip(name, "the unit is not provisioned"));
  } else if (server.startsWith("https:") && !tls) {
    checks.push({
      name: "server",
      verdict: "fail",
      found: "https, and this build of Espruino has no TLS",
      advice: "Use a build with TLS (see the README), or an http server in your own network.",
    });
  } else {
    checks.push(await checkDns(device, new URL(server).hostname));
    checks.push(...(await checkServer(device, server)));
  }
  checks.push(await checkCiphers(server));
  return checks;
}

async function checkWifi(device: DeviceConsole): Promise<Check> {
  const name = "Wi-Fi";
  let station: { station?: string; rssi?: number; ssid?: string };
  try {
    // Only what is shown: getDetails would carry the password.
    station = (await device.evaluate(
      '(function(s){return {station:s.station,rssi:s.rssi,ssid:s.ssid}})(require("Wifi").getStatus())',
    )) as typeof station;
  } catch {
    return { name, verdict: "skip", found: "this board has no Wi-Fi" };
  }
  if (station.station !== "connected") {
    const advice =
      "Press the button to make it connect now, and run this again. If it stays so, look at the verdict above.";
    return { name, verdict: "skip", found: `not connected now (${station.station ?? "off"})`, advice };
  }
  const strength = station.rssi === undefined ? "strength not known" : `${station.rssi} dBm`;
  const found = `“${station.ssid}”, ${strength}`;
  if ((station.rssi ?? 0) >= WEAK_DBM) return { name, verdict: "ok", found };
  return {
    name,
    verdict: "warn",
    found: `${found}: weak`,
    advice: "Bring the access point nearer, or give the board an antenna.",
  };
}

function formatMs(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120000) return `${Math.round(ms / 1000)} s`;
  if (ms < 2 * DAY_MS) return `${Math.round(ms / 60000)} min`;
  return `${Math.round(ms / DAY_MS)} days`;
}
