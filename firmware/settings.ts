import type { Device } from "./device-types.ts";
import type { Store } from "./platform/ports.ts";
import type { SettingsFile } from "./settings-file.ts";

/** A Wi-Fi network. An open one has the password "". */
export interface WifiNetwork {
  ssid: string;
  password: string;
}

/** What `backfill.json` says about this unit. Neither log nor status ever shows the token or a password. */
export interface Settings {
  token: string;
  /** Tried in this order. Empty: the unit only logs. */
  networks: WifiNetwork[];
  /** An origin such as "https://blynk.cloud", without a path. "" when it isn't usable: nothing is sent. */
  server: string;
  timeServers: string[];
  /** A wireless console asks for it. "" keeps those consoles off. */
  consolePassword: string;
  /** What is missing or wrong, one sentence each. They hold no secrets. */
  problems: string[];
}

const FILE = "backfill.json";

function isText(value: unknown, charsMin: number, charsMax: number): boolean {
  if (typeof value !== "string") return false;
  if (value.length < charsMin || value.length > charsMax) return false;
  // A control character is a pasted line end: it would split an HTTP header or a URL.
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) < 32) return false;
  return true;
}

function readNetworks(list: unknown, problems: string[]): WifiNetwork[] {
  const networks: WifiNetwork[] = [];
  if (!Array.isArray(list) || list.length === 0) {
    problems.push(`${FILE} names no Wi-Fi network ("networks")`);
    return networks;
  }
  for (let i = 0; i < list.length; i++) {
    const entry = list[i] || {};
    const password = entry.password === undefined ? "" : entry.password;
    // 802.11: an SSID has at most 32 bytes, a WPA passphrase 8 to 63 characters or 64 hex digits.
    if (!isText(entry.ssid, 1, 32)) problems.push(`${FILE}: network ${i + 1} needs an "ssid" of 1 to 32 characters`);
    else if (password !== "" && !isText(password, 8, 64)) {
      problems.push(`${FILE}: the password of network ${i + 1} needs 8 to 64 characters, or "" for an open network`);
    } else networks.push({ ssid: entry.ssid, password });
  }
  return networks;
}

/**
 * Reads and checks the unit's own settings, by hand: a validation library would not fit the chip.
 * What is unusable is left out and named in `problems`. A unit without settings still logs.
 */
export function readSettings(store: Store, device: Device): Settings {
  const problems: string[] = [];
  const found = store.readJson(FILE) as SettingsFile | null | undefined;
  const file: SettingsFile = found !== null && typeof found === "object" && !Array.isArray(found) ? found : {};
  if (file !== found) {
    problems.push(`${FILE} is missing or is not a JSON object: provision this unit. It logs, but sends nothing`);
    return { token: "", networks: [], server: "", timeServers: device.timeServers, consolePassword: "", problems };
  }

  let token = "";
  // The token is part of a URL: a text that would need escaping there is not a token.
  if (isText(file.token, 16, 128) && (file.token as string).match(/^[A-Za-z0-9_-]+$/)) token = file.token as string;
  else problems.push(`${FILE}: "token" is missing or is not a Blynk token`);

  let server = file.server === undefined ? device.server.url : String(file.server);
  if (server.charAt(server.length - 1) === "/") server = server.substr(0, server.length - 1);
  const scheme = server.startsWith("https://") ? "https://" : "http://";
  // No escapes in this pattern: Espruino misreads them inside a class.
  if (!server.startsWith(scheme) || !server.substr(scheme.length).match(/^[A-Za-z0-9.:-]+$/)) {
    problems.push('the server has to look like "https://blynk.cloud"');
    server = "";
  } else if (scheme === "http://" && !device.server.allowPlainHttp) {
    problems.push("the server is plain http, which this device file does not allow (allowPlainHttp)");
    server = "";
  }

  let timeServers = device.timeServers;
  if (file.timeServers !== undefined) {
    const list = file.timeServers;
    if (Array.isArray(list) && list.length > 0 && list.every((name) => isText(name, 1, 253))) timeServers = list;
    else problems.push(`${FILE}: "timeServers" has to be a list of names; those of the device file are used`);
  }

  let consolePassword = "";
  // A locked console takes 20 characters (jsinteractive.c): a longer password would lock the unit for ever, by cable too.
  if (isText(file.consolePassword, 8, 20)) consolePassword = file.consolePassword as string;
  else if (file.consolePassword !== undefined) {
    problems.push(`${FILE}: "consolePassword" needs 8 to 20 characters`);
  }
  return { token, networks: readNetworks(file.networks, problems), server, timeServers, consolePassword, problems };
}
