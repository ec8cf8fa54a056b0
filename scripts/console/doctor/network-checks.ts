import type { DeviceConsole } from "../transport/device-console.ts";
import { checkCiphers } from "./cipher-check.ts";
import type { Finding } from "./finding.ts";
import { checkDns, checkServer } from "./server-checks.ts";

/** Below this the radio loses more packets than it receives. */
const WEAK_DBM = -80;

export interface NetworkCheckOptions {
  server: string;
  hasToken: boolean;
  /** Whether the board's Espruino was built with TLS. */
  hasTls: boolean;
  /** False: Wi-Fi is checked, the server is not. */
  askServer: boolean;
}

/** Wi-Fi, then DNS, server and token as the device sees them, then the server's TLS as this computer sees it. */
export async function checkNetwork(device: DeviceConsole, options: NetworkCheckOptions): Promise<Finding[]> {
  const { server, hasToken, hasTls } = options;
  const wifi = await checkWifi(device);
  if (!options.askServer) return [wifi];
  const findings = [wifi];
  const skipAll = (found: string) => {
    for (const name of ["DNS", "server", "token"]) findings.push({ name, verdict: "skip", found });
  };
  if (wifi.verdict === "skip" || wifi.verdict === "fail") skipAll("the device is not connected to a network now");
  else if (!hasToken) skipAll("the unit is not provisioned");
  else if (server.startsWith("https:") && !hasTls) {
    findings.push({
      name: "server",
      verdict: "fail",
      found: "the server is https, but this build of Espruino has no TLS",
      advice: "Use a build with TLS (“https and boards” in docs/flashing.md), or an http server in your own network.",
    });
  } else {
    findings.push(await checkDns(device, new URL(server).hostname));
    findings.push(...(await checkServer(device, server)));
  }
  findings.push(await checkCiphers(server));
  return findings;
}

async function checkWifi(device: DeviceConsole): Promise<Finding> {
  const name = "Wi-Fi";
  let station: { station?: string; rssi?: number; ssid?: string };
  try {
    // Only the members that are shown: getDetails would include the password.
    station = (await device.evaluate(
      '(function(s){return {station:s.station,rssi:s.rssi,ssid:s.ssid}})(require("Wifi").getStatus())',
    )) as typeof station;
  } catch {
    return { name, verdict: "skip", found: "this board has no Wi-Fi" };
  }
  if (station.station !== "connected") {
    const advice =
      "Press the button to make the device connect now, and run the doctor again. If it does not connect, look at the verdict of “firmware” above.";
    return { name, verdict: "skip", found: `not connected now (${station.station ?? "off"})`, advice };
  }
  const strength = station.rssi === undefined ? "signal strength not known" : `${station.rssi} dBm`;
  const found = `“${station.ssid}”, ${strength}`;
  if ((station.rssi ?? 0) >= WEAK_DBM) return { name, verdict: "ok", found };
  const advice = "Move the access point closer, or give the board an antenna.";
  return { name, verdict: "warn", found: `${found}: weak`, advice };
}
