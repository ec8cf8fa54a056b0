import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { followMove, keepMove, openEndpoint } from "../../../firmware/upload/endpoint.ts";

const HOME = "https://blynk.cloud";
const PATH = "/external/api/batch/update?token=0123456789abcdef&pin=v1";
const TO_FRA1 = `https://fra1.blynk.cloud${PATH}`;

/** Where a 308 from `home` leads to; "" when it is not followed. */
function movedTo(location: string, home: string, path: string): string {
  const endpoint = openEndpoint({ readJson: () => undefined }, home, "t");
  return followMove(endpoint, location, path) ? endpoint.server : "";
}

describe("a region", () => {
  it.each([
    [TO_FRA1, "https://fra1.blynk.cloud"],
    ["https://fra1.blynk.cloud/external/api/batch/update", "https://fra1.blynk.cloud"],
    ["https://FRA1.Blynk.Cloud/", "https://fra1.blynk.cloud"],
    ["https://a-b.c.blynk.cloud", "https://a-b.c.blynk.cloud"],
  ])("is found in %s", (location, region) => {
    expect(movedTo(location, HOME, PATH)).toBe(region);
  });

  it.each([
    "",
    "/external/api/batch/update",
    "//fra1.blynk.cloud/external/api/batch/update",
    "http://fra1.blynk.cloud/external/api/batch/update",
    "ftp://fra1.blynk.cloud/",
    "https://blynk.cloud/external/api/batch/update",
    "https://.blynk.cloud/",
    "https://a..blynk.cloud/",
    "https://evilblynk.cloud/",
    "https://fra1.blynk.cloud.evil.example/",
    "https://evil.example/fra1.blynk.cloud",
    "https://evil.example?.blynk.cloud",
    "https://evil.example#.blynk.cloud",
    "https://evil.example\\.blynk.cloud/",
    "https://user@fra1.blynk.cloud/",
    "https://user:pass@fra1.blynk.cloud/",
    "https://fra1.blynk.cloud:8443/",
    "https://fra1.blynk.cloud/login",
    "https://fra1.blynk.cloud/external/api/batch/update/../../../x",
    "https://fra1.blynk.cloud\r\nX: y/",
    "https://fra1%2eblynk.cloud/",
    " https://fra1.blynk.cloud/",
    `https://${"a".repeat(60)}.blynk.cloud/`,
  ])("is not found in %j", (location) => {
    expect(movedTo(location, HOME, PATH)).toBe("");
  });

  it("keeps to plain http where that was provisioned", () => {
    expect(movedTo("http://fra1.blynk.cloud/", "http://blynk.cloud", PATH)).toBe("http://fra1.blynk.cloud");
    expect(movedTo("https://fra1.blynk.cloud/", "http://blynk.cloud", PATH)).toBe("");
  });

  it("is never another host, whatever the server writes", () => {
    const piece = fc.constantFrom(
      "https://",
      ".blynk.cloud",
      "evil.example",
      "/",
      "@",
      ":",
      "?",
      "#",
      "..",
      "\\",
      "%2f",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 8 }), (pieces) => {
        const region = movedTo(pieces.join(""), HOME, PATH);
        if (region === "") return;
        const url = new URL(region);
        expect(url.hostname.endsWith(".blynk.cloud")).toBe(true);
        expect([url.protocol, url.username, url.password, url.port]).toEqual(["https:", "", "", ""]);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("an endpoint", () => {
  const none = { readJson: () => undefined };

  it("follows a region, but neither the server itself nor servers that send it to and fro", () => {
    const endpoint = openEndpoint(none, HOME, "t");
    expect(followMove(endpoint, "http://portal.example/login", PATH)).toBe(false);
    expect(followMove(endpoint, TO_FRA1, PATH)).toBe(true);
    expect(endpoint.server).toBe("https://fra1.blynk.cloud");
    expect(followMove(endpoint, TO_FRA1, PATH)).toBe(false);
    expect(followMove(endpoint, TO_FRA1.replace("fra1", "ny3"), PATH)).toBe(true);
    expect(followMove(endpoint, TO_FRA1, PATH)).toBe(false);
    expect(endpoint.server).toBe("https://ny3.blynk.cloud");
  });

  it("keeps a region over a reboot, until another server is provisioned", () => {
    const files: { [name: string]: unknown } = {};
    const store = {
      readJson: (name: string) => files[name],
      writeJson(name: string, value: unknown) {
        files[name] = value;
      },
    };
    const endpoint = openEndpoint(store, HOME, "t");
    keepMove(endpoint, store);
    expect(files).toEqual({});
    followMove(endpoint, TO_FRA1, PATH);
    keepMove(endpoint, store);
    expect(openEndpoint(store, HOME, "t").server).toBe("https://fra1.blynk.cloud");
    expect(openEndpoint(store, "https://lon1.blynk.cloud", "t").server).toBe("https://lon1.blynk.cloud");
  });

  it.each([["broken"], [[HOME]], [[HOME, "https://evil.example"]], [[HOME, 5]], [{}], [null]])(
    "begins with the provisioned server when the file holds %j",
    (file) => {
      expect(openEndpoint({ readJson: () => file }, HOME, "t").server).toBe(HOME);
    },
  );
});
