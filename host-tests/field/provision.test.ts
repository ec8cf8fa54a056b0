import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { provision } from "../../scripts/provision.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { type ConsoleRig, startRig, tinyFirmware } from "../support/console/console-rig.ts";

const TOKEN = "tok_5ecretTOKEN_5ecretTOKEN_0001";
const WIFI = "Pa55word of the barn";
const OTHER_WIFI = "An0ther pa55word";

let rig: ConsoleRig;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "backfill-provision-"));
  rig = await startRig({ prepare: (machine) => machine.storage.write(".bootcde", tinyFirmware("0.1.0")) });
});
afterEach(async () => {
  await rig.close();
  rmSync(folder, { recursive: true });
});

const stored = () => JSON.parse(Buffer.from(rig.machine.storage.read("backfill.json") ?? "null", "latin1").toString());
const file = (content: unknown) => {
  const path = join(folder, "units.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};

describe("provision", () => {
  it("writes what was entered, restarts the firmware, and shows no secret", async () => {
    const terminal = captureTerminal();
    const status = await provision(
      [
        "--port",
        rig.port,
        "--ssid",
        "Barn",
        "--wifi-password",
        WIFI,
        "--ssid",
        "Café",
        "--wifi-password",
        "",
        "--token",
        TOKEN,
      ],
      terminal,
    );
    expect(terminal.text()).toContain("has started with them");
    expect(status).toBe(0);
    expect(stored()).toEqual({
      token: TOKEN,
      networks: [
        { ssid: "Barn", password: WIFI },
        { ssid: "Café", password: "" },
      ],
    });
    expect(rig.machine.boots).toBe(2);
    expectNoSecret(terminal.text());
  });

  it("takes secrets from the environment", async () => {
    const env = { BACKFILL_TOKEN: TOKEN, BACKFILL_SSID: "Barn", BACKFILL_WIFI_PASSWORD: WIFI };
    const terminal = captureTerminal({ env });
    expect(await provision(["--port", rig.port], terminal)).toBe(0);
    expect(stored().token).toBe(TOKEN);
    expectNoSecret(terminal.text());
  });

  it("changes the Wi-Fi password alone and keeps the rest", async () => {
    const first = [
      "--port",
      rig.port,
      "--ssid",
      "Barn",
      "--wifi-password",
      WIFI,
      "--token",
      TOKEN,
      "--server",
      "https://fra1.blynk.cloud/",
    ];
    expect(await provision(first, captureTerminal())).toBe(0);
    const terminal = captureTerminal();
    expect(await provision(["--port", rig.port, "--ssid", "Barn", "--wifi-password", OTHER_WIFI], terminal)).toBe(0);
    expect(stored()).toEqual({
      token: TOKEN,
      networks: [{ ssid: "Barn", password: OTHER_WIFI }],
      server: "https://fra1.blynk.cloud",
    });
    expectNoSecret(terminal.text());
  });

  it("asks a person for what is missing, and again for what is wrong", async () => {
    const terminal = captureTerminal({ answers: ["Barn", "short", WIFI, false, "no token", TOKEN] });
    expect(await provision(["--port", rig.port], terminal)).toBe(0);
    expect(stored()).toEqual({ token: TOKEN, networks: [{ ssid: "Barn", password: WIFI }] });
    expect(terminal.text()).toContain("fewer than 8 characters");
    expectNoSecret(terminal.text());
  });

  it("provisions a batch from one file, each unit on its port", async () => {
    const second = await startRig();
    const units = [
      { unit: "barn 1", port: rig.port, token: TOKEN },
      { unit: "barn 2", port: second.port, token: `${TOKEN}b`, server: "https://lon1.blynk.cloud" },
    ];
    const path = file({ common: { networks: [{ ssid: "Barn", password: WIFI }] }, units });
    const terminal = captureTerminal();
    expect(await provision(["--file", path], terminal)).toBe(0);
    expect(stored().networks).toHaveLength(1);
    expect(JSON.parse(second.machine.storage.read("backfill.json") ?? "").server).toBe("https://lon1.blynk.cloud");
    expect(terminal.text()).toContain("No firmware runs on this device yet");
    expectNoSecret(terminal.text());
    await second.close();
  });

  it("leaves nothing on this computer", async () => {
    const before = listing(folder);
    await provision(
      ["--port", rig.port, "--ssid", "Barn", "--wifi-password", WIFI, "--token", TOKEN],
      captureTerminal(),
    );
    expect(listing(folder)).toEqual(before);
  });

  it("says that the settings are not whole when the device lost a write, and never confirms them", async () => {
    rig.machine.storage.cutAfter(50);
    const terminal = captureTerminal();
    expect(
      await provision(["--port", rig.port, "--ssid", "Barn", "--wifi-password", WIFI, "--token", TOKEN], terminal),
    ).toBe(1);
    expect(terminal.text()).toContain("did not arrive whole");
    expect(terminal.out).toEqual([]);
    expectNoSecret(terminal.text());
  });
});

/** Inputs that must not reach a device, and what is said of each. */
const network = { ssid: "Barn", password: WIFI };
const good = { token: TOKEN, networks: [network] };
const MALFORMED: [title: string, input: unknown, message: RegExp][] = [
  ["no JSON", '{"token": "tok_5ecretTOKEN_5ecretTOKEN_0001",\n "networks": [,]}', /not JSON: look at line 2/],
  ["an unfinished file", '{"token": "tok_5ecretTOKEN_5ecretTOKEN_0001', /not JSON/],
  ["an empty file", "", /not JSON/],
  ["a bare text", '"hello"', /names no unit/],
  ["an empty list", [], /names no unit/],
  ["a list of texts", ["tok"], /unit 1 is not an object/],
  ["units beside other members", { units: [good], token: TOKEN }, /has to be \{ "common"/],
  ["common as a list", { common: [], units: [good] }, /has to be \{ "common"/],
  ["units as an object", { units: good }, /names no unit/],
  ["an unknown member", { ...good, passwort: WIFI }, /knows no “passwort”; it has token, networks/],
  [
    "an unknown member of a network",
    { ...good, networks: [{ ...network, pass: WIFI }] },
    /network 1: a network knows no “pass”; it has ssid, password/,
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
  ["a token with a blank in front", { ...good, token: ` ${TOKEN}` }, /token begins or ends with a blank/],
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
    { ...good, networks: [{ ssid: "", password: WIFI }] },
    /network 1: the network's name \(ssid\) is empty/,
  ],
  ["an ssid of 33 bytes", { ...good, networks: [{ ...network, ssid: `${"ü".repeat(16)}x` }] }, /more than 32 bytes/],
  [
    "an ssid with a blank at its end",
    { ...good, networks: [{ ...network, ssid: "Barn " }] },
    /begins or ends with a blank/,
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
  ["a server that is no address", { ...good, server: "https://" }, /no web address/],
  [
    "a server with blanks",
    { ...good, server: "https://blynk cloud" },
    /no web address|characters that no server's has/,
  ],
  ["time servers as a text", { ...good, timeServers: "pool.ntp.org" }, /timeServers has to be a list/],
  ["no time servers", { ...good, timeServers: [] }, /timeServers is empty/],
  [
    "a time server that is an address",
    { ...good, timeServers: ["https://pool.ntp.org"] },
    /time server 1: a time server is a name/,
  ],
  ["a time server with blanks", { ...good, timeServers: ["pool ntp org"] }, /characters that no host's has/],
  ["a short console password", { ...good, consolePassword: "1234567" }, /console password has fewer than 8/],
  ["a long console password", { ...good, consolePassword: "a".repeat(21) }, /20 characters that Espruino takes/],
  ["a console password outside ASCII", { ...good, consolePassword: "pässwörter" }, /letters outside ASCII/],
];

const FLAGS: [title: string, args: string[], message: RegExp][] = [
  ["a password without a network", ["--wifi-password", WIFI], /password without a network/],
  [
    "two networks and one password",
    ["--ssid", "a", "--ssid", "b", "--wifi-password", WIFI],
    /2 networks and 1 passwords/,
  ],
  ["a short password", ["--ssid", "a", "--wifi-password", "short", "--token", TOKEN], /fewer than 8 characters/],
  ["no token and nobody to ask", ["--ssid", "a", "--wifi-password", WIFI], /Missing: the token/],
  ["--unit without a file", ["--unit", "a"], /--unit names a unit of a file/],
  ["a file that is not there", ["--file", "/nowhere/units.json"], /can't be read/],
  ["an option that is not there", ["--passwort", WIFI], /unknown option/],
];

describe("a malformed input", () => {
  it.each(MALFORMED)("is refused with its reason: %s", async (_title, input, message) => {
    const terminal = captureTerminal();
    expect(await provision(["--port", rig.port, "--file", file(input)], terminal)).not.toBe(0);
    expect(terminal.err.join("\n")).toMatch(message);
    expectUntouched(terminal.text());
  });

  it.each(FLAGS)("is refused on the command line: %s", async (_title, args, message) => {
    const terminal = captureTerminal();
    expect(await provision(["--port", rig.port, ...args], terminal)).not.toBe(0);
    expect(terminal.err.join("\n")).toMatch(message);
    expectUntouched(terminal.text());
  });

  it("is there at least 40 times", () => expect(MALFORMED.length + FLAGS.length).toBeGreaterThanOrEqual(40));
});

function expectUntouched(output: string): void {
  expect(rig.machine.storage.list()).toEqual([".bootcde"]);
  expect(rig.machine.boots).toBe(1);
  expectNoSecret(output);
}

function expectNoSecret(output: string): void {
  for (const secret of [TOKEN, WIFI, OTHER_WIFI, "me:secret"]) expect(output).not.toContain(secret);
}

function listing(path: string): string[] {
  return readdirSync(path).map(
    (name) => `${name} ${statSync(join(path, name)).size} ${readFileSync(join(path, name))}`,
  );
}
