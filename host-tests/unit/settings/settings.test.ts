import { describe, expect, test } from "vitest";
import type { Device } from "../../../firmware/device-types.ts";
import { readSettings } from "../../../firmware/settings.ts";

const DEVICE: Device = {
  name: "unit",
  datastreams: [],
  server: { url: "https://blynk.cloud" },
  timeServers: ["pool.ntp.org"],
  region: "flash",
};
const TOKEN = "s3cretTokenOfThirtyTwoCharacters";
const GOOD = { token: TOKEN, networks: [{ ssid: "home", password: "pass phrase" }] };

function read(file: unknown, device: Device = DEVICE) {
  return readSettings({ readJson: (name) => (name === "backfill.json" ? file : undefined), writeJson() {} }, device);
}

describe("the settings of a unit", () => {
  test("come from backfill.json, and from the device file where it says nothing", () => {
    expect(read(GOOD)).toEqual({
      token: TOKEN,
      networks: [{ ssid: "home", password: "pass phrase" }],
      server: "https://blynk.cloud",
      timeServers: ["pool.ntp.org"],
      consolePassword: "",
      problems: [],
    });
    const own = read({
      ...GOOD,
      server: "https://fra1.blynk.cloud/",
      timeServers: ["10.0.0.1"],
      consolePassword: "long enough",
    });
    expect(own.server).toBe("https://fra1.blynk.cloud");
    expect(own.timeServers).toEqual(["10.0.0.1"]);
    expect(own.consolePassword).toBe("long enough");
    expect(own.problems).toEqual([]);
  });

  test("may name an open network", () => {
    expect(read({ ...GOOD, networks: [{ ssid: "cafe" }, { ssid: "bar", password: "" }] }).problems).toEqual([]);
  });

  test.each([undefined, null, 7, "text", [GOOD]])(
    "are missing when the file is %j, and the unit can still log",
    (file) => {
      const settings = read(file);
      expect(settings.networks).toEqual([]);
      expect(settings.token).toBe("");
      expect(settings.problems).toEqual([expect.stringContaining("backfill.json is missing")]);
    },
  );

  test.each<[string, object, string]>([
    ["no token", { networks: GOOD.networks }, "token"],
    ["a token with a space", { ...GOOD, token: "abcdefghij klmnopqrstuv" }, "token"],
    ["a token that would change the URL", { ...GOOD, token: "abcdefghijklmnop&v1=3" }, "token"],
    ["a token with a line end", { ...GOOD, token: `${TOKEN}\n` }, "token"],
    ["a numeric token", { ...GOOD, token: 1234567890123456 }, "token"],
    ["no networks", { token: TOKEN }, "no Wi-Fi network"],
    ["an empty list of networks", { token: TOKEN, networks: [] }, "no Wi-Fi network"],
    ["a network without a name", { token: TOKEN, networks: [{ password: "12345678" }] }, "network 1"],
    ["null for a network", { token: TOKEN, networks: [null] }, "network 1"],
    ["a name that is too long", { token: TOKEN, networks: [{ ssid: "x".repeat(33) }] }, "network 1"],
    [
      "a short password",
      { token: TOKEN, networks: [GOOD.networks[0], { ssid: "b", password: "1234567" }] },
      "network 2",
    ],
    ["a numeric password", { token: TOKEN, networks: [{ ssid: "b", password: 12345678 }] }, "network 1"],
    ["a server without a scheme", { ...GOOD, server: "blynk.cloud" }, "server"],
    ["a server with a path", { ...GOOD, server: "https://blynk.cloud/external" }, "server"],
    ["a server with a user", { ...GOOD, server: "https://a@blynk.cloud" }, "server"],
    ["no time servers", { ...GOOD, timeServers: [] }, "timeServers"],
    ["a time server that is a number", { ...GOOD, timeServers: [1] }, "timeServers"],
    ["a console password that could never be typed", { ...GOOD, consolePassword: "x".repeat(21) }, "consolePassword"],
    ["a short console password", { ...GOOD, consolePassword: "short" }, "consolePassword"],
  ])("with %s say what is wrong and print no secret", (_what, file, word) => {
    const problems = read(file).problems;
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(word);
    expect(problems[0]).not.toMatch(/s3cret|abcdef|pass phrase|1234567|short/);
  });

  test("never lower https to plain http unless the device file allows it", () => {
    expect(read({ ...GOOD, server: "http://10.0.0.2:8080" })).toMatchObject({
      server: "",
      problems: [expect.stringContaining("plain http")],
    });
    const allowed = { ...DEVICE, server: { url: "https://blynk.cloud", allowPlainHttp: true } };
    expect(read({ ...GOOD, server: "http://10.0.0.2:8080" }, allowed)).toMatchObject({
      server: "http://10.0.0.2:8080",
      problems: [],
    });
  });

  test("keep the good networks when one is bad", () => {
    expect(read({ ...GOOD, networks: [{ ssid: "" }, GOOD.networks[0]] }).networks).toEqual(GOOD.networks);
  });
});
