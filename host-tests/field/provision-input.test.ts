import { beforeEach, describe, expect, it } from "vitest";
import { provision } from "../../scripts/provision.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { type ConsoleRig, startRigWithFirmware, TOKEN, WIFI_PASSWORD } from "../support/console/console-rig.ts";
import { expectNoSecret, writeUnitsFile } from "../support/console/provision-rig.ts";

let rig: ConsoleRig;
beforeEach(async () => {
  rig = await startRigWithFirmware();
});

/** Inputs that must not reach a device, and the message for each. */
const network = { ssid: "Barn", password: WIFI_PASSWORD };
const good = { token: TOKEN, networks: [network] };
const MALFORMED: [title: string, input: unknown, message: RegExp][] = [
  [
    "text that is not JSON",
    '{"token": "tok_5ecretTOKEN_5ecretTOKEN_0001",\n "networks": [,]}',
    /not JSON: look at line 2/,
  ],
  ["an unfinished file", '{"token": "tok_5ecretTOKEN_5ecretTOKEN_0001', /not JSON/],
  ["an empty file", "", /not JSON/],
  ["a plain text", '"hello"', /names no unit/],
  ["an empty list", [], /names no unit/],
  ["a list of texts", ["tok"], /unit 1 is not an object/],
  ["units beside other members", { units: [good], token: TOKEN }, /has to be \{ "common"/],
  ["common as a list", { common: [], units: [good] }, /has to be \{ "common"/],
  ["units as an object", { units: good }, /names no unit/],
  [
    "an unknown member",
    { ...good, passwort: WIFI_PASSWORD },
    /a unit has no member “passwort”; its members are token, networks/,
  ],
  [
    "an unknown member of a network",
    { ...good, networks: [{ ...network, pass: WIFI_PASSWORD }] },
    /network 1: a network has no member “pass”; its members are ssid, password/,
  ],
  ["a unit's name that is a number", { ...good, unit: 7 }, /“unit” and “port” have to be text/],
  [
    "one unit twice",
    [
      { ...good, unit: "a" },
      { ...good, unit: "a", token: `${TOKEN}b` },
    ],
    /a is there twice/,
  ],
  [
    "one token twice",
    [
      { ...good, unit: "a" },
      { ...good, unit: "b" },
    ],
    /a and b have the same token/,
  ],
  ["a token that is a number", { ...good, token: 12345678 }, /token has to be text/],
  ["no token", { networks: [network] }, /Missing: the token/],
  ["an empty token", { ...good, token: "" }, /token is too short/],
  ["a short token", { ...good, token: "abc" }, /token is too short/],
  ["a long token", { ...good, token: "a".repeat(129) }, /token is too long/],
  ["a token with a space in front", { ...good, token: ` ${TOKEN}` }, /token begins or ends with a space/],
  ["a token with a line end", { ...good, token: `${TOKEN}\n` }, /token contains a line end/],
  ["a token with other characters", { ...good, token: `${TOKEN}&pin=v1` }, /characters that no Blynk token has/],
  [
    "an address for a token",
    { ...good, token: `https://blynk.cloud/external/api/get?token=${TOKEN}` },
    /token is a web address/,
  ],
  ["no network", { token: TOKEN }, /Missing: a Wi-Fi network/],
  ["an empty list of networks", { ...good, networks: [] }, /Missing: a Wi-Fi network/],
  ["networks as an object", { ...good, networks: network }, /networks has to be a list/],
  [
    "nine networks",
    { ...good, networks: [..."123456789"].map((ssid) => ({ ...network, ssid })) },
    /more than 8 networks/,
  ],
  ["a network twice", { ...good, networks: [network, network] }, /a network is named twice/],
  [
    "an empty ssid",
    { ...good, networks: [{ ssid: "", password: WIFI_PASSWORD }] },
    /network 1: the network's name \(ssid\) is empty/,
  ],
  ["an ssid of 33 bytes", { ...good, networks: [{ ...network, ssid: `${"ü".repeat(16)}x` }] }, /more than 32 bytes/],
  [
    "an ssid with a space at its end",
    { ...good, networks: [{ ...network, ssid: "Barn " }] },
    /begins or ends with a space/,
  ],
  ["a network that is a text", { ...good, networks: ["Barn"] }, /network 1: a network has to be an object/],
  [
    "a Wi-Fi password of 7 characters",
    { ...good, networks: [{ ...network, password: "1234567" }] },
    /fewer than 8 characters/,
  ],
  [
    "a Wi-Fi password of 65 characters",
    { ...good, networks: [{ ...network, password: "a".repeat(65) }] },
    /more than 63 characters/,
  ],
  [
    "a Wi-Fi key that is not hexadecimal",
    { ...good, networks: [{ ...network, password: "g".repeat(64) }] },
    /key in hexadecimal/,
  ],
  [
    "a Wi-Fi password that is a number",
    { ...good, networks: [{ ...network, password: 12345678 }] },
    /Wi-Fi password has to be text/,
  ],
  ["a server without a scheme", { ...good, server: "blynk.cloud" }, /server has to begin with https/],
  ["a server with a path", { ...good, server: "https://blynk.cloud/external/api" }, /without a path/],
  ["a server with a user", { ...good, server: "https://me:secret@blynk.cloud" }, /must not carry a user name/],
  ["a server that is not an address", { ...good, server: "https://" }, /not a web address/],
  [
    "a server with spaces",
    { ...good, server: "https://blynk cloud" },
    /not a web address|characters that are not allowed in a host name/,
  ],
  ["time servers as a text", { ...good, timeServers: "pool.ntp.org" }, /timeServers has to be a list/],
  ["no time servers", { ...good, timeServers: [] }, /timeServers is empty/],
  [
    "a time server that is an address",
    { ...good, timeServers: ["https://pool.ntp.org"] },
    /time server 1: a time server is a name/,
  ],
  [
    "a time server with spaces",
    { ...good, timeServers: ["pool ntp org"] },
    /characters that are not allowed in a host name/,
  ],
  ["a short console password", { ...good, consolePassword: "1234567" }, /console password has fewer than 8/],
  ["a long console password", { ...good, consolePassword: "a".repeat(21) }, /20 characters that Espruino takes/],
  ["a console password outside ASCII", { ...good, consolePassword: "pässwörter" }, /letters outside ASCII/],
];

const FLAGS: [title: string, args: string[], message: RegExp][] = [
  ["a password without a network", ["--wifi-password", WIFI_PASSWORD], /password without a network/],
  [
    "two networks and one password",
    ["--ssid", "a", "--ssid", "b", "--wifi-password", WIFI_PASSWORD],
    /2 networks and 1 password\./,
  ],
  ["a short password", ["--ssid", "a", "--wifi-password", "short", "--token", TOKEN], /fewer than 8 characters/],
  ["no token and no person to ask", ["--ssid", "a", "--wifi-password", WIFI_PASSWORD], /Missing: the token/],
  ["--unit without a file", ["--unit", "a"], /--unit names a unit of a file/],
  ["a missing file", ["--file", "/nowhere/units.json"], /units\.json can't be read: there is no such file/],
  ["an unknown option", ["--passwort", WIFI_PASSWORD], /unknown option/],
];

describe("a malformed input", () => {
  it.each(MALFORMED)("is refused with the reason: %s", async (_title, input, message) => {
    const terminal = captureTerminal();
    expect(await provision(["--port", rig.port, "--file", writeUnitsFile(input)], terminal)).not.toBe(0);
    expect(terminal.err.join("\n")).toMatch(message);
    expectUntouched(terminal.text());
  });

  it.each(FLAGS)("is refused on the command line: %s", async (_title, args, message) => {
    const terminal = captureTerminal();
    expect(await provision(["--port", rig.port, ...args], terminal)).not.toBe(0);
    expect(terminal.err.join("\n")).toMatch(message);
    expectUntouched(terminal.text());
  });

  it("covers at least 40 cases", () => expect(MALFORMED.length + FLAGS.length).toBeGreaterThanOrEqual(40));
});

function expectUntouched(output: string): void {
  expect(rig.machine.storage.list()).toEqual([".bootcde"]);
  expect(rig.machine.boots).toBe(1);
  expectNoSecret(output);
}
