import { describe, expect, it } from "vitest";
import type { Device } from "../../../firmware/device-types.ts";
import { BuildError, buildFirmware } from "../../../scripts/build/build-firmware.ts";
import { counted } from "../../../scripts/build/counted.ts";
import { findDeviceMistakes, loadDevice } from "../../../scripts/build/device-file.ts";
import { describePlan, planDevice } from "../../../scripts/build/plan.ts";

const device = (changes: Partial<Device> = {}, intervalsMs = [60_000, 60_000, 60_000]): Device => ({
  name: "logger",
  datastreams: intervalsMs.map((intervalMs, i) => {
    return { pin: `v${i + 1}`, name: `sensor ${i + 1}`, sensor: (done) => done(1), intervalMs, decimals: 1 };
  }),
  server: { url: "https://blynk.cloud" },
  timeServers: ["pool.ntp.org"],
  region: "flash",
  ...changes,
});

/** A device with another value for one member, which its type may forbid. */
const broken = (path: string, value: unknown): unknown => {
  const made = device() as unknown as { [key: string]: unknown };
  const keys = path.split(".");
  let at = made as { [key: string]: unknown };
  for (const key of keys.slice(0, -1)) at = at[key] as { [key: string]: unknown };
  at[keys[keys.length - 1]] = value;
  return made;
};

describe("the plan of a device", () => {
  it("counts the samples of a day, for each datastream and in total", () => {
    const plan = planDevice(device({}, [60_000, 30_000]));
    expect(plan.streams.map((one) => one.samplesPerDay)).toEqual([1440, 2880]);
    expect(plan.samplesPerDay).toBe(4320);
    expect(plan.errors).toEqual([]);
  });

  it("says which values each datastream can store, as the ring has it", () => {
    const one = device();
    one.datastreams[2].decimals = 4;
    one.datastreams[0].priority = 1;
    const lines = describePlan(planDevice(one)).split("\n");
    expect(lines[0]).toContain("values up to ±3,435,973,836, priority 1");
    expect(lines[2]).toContain("values up to ±3,435,973");
    expect(planDevice(one).streams[2].valueMax).toBe(3_435_973.8366);
  });

  it("says how long the region lasts offline: 64 kB last for a month at one sample a minute", () => {
    const plan = planDevice(device({}, [60_000]));
    expect(plan.ringPages).toBe(14);
    expect(plan.samplesHeld).toBeGreaterThan(45_000);
    expect(plan.samplesHeld).toBeLessThan(53_000);
    // 33 days would fit; the server looks back 28, less a margin.
    expect(plan.daysOffline).toBeGreaterThan(27);
    expect(plan.daysOffline).toBeLessThan(28);
  });

  it("says how long a full backlog takes to drain: nothing if a day's allowance covers it", () => {
    expect(planDevice(device({}, [3_600_000])).drainDays).toBe(0);
    const plan = planDevice(device());
    const spare = plan.pointsPerDay - plan.samplesPerDay;
    expect(plan.drainDays).toBeCloseTo(((plan.samplesHeld ?? 0) - plan.pointsPerDay) / spare, 6);
  });

  it("goes by the limits that the device file's plan names, and by single ones beside it", () => {
    const server = (more: Partial<Device["server"]>) => ({ server: { url: "https://blynk.cloud", ...more } });
    expect(planDevice(device(server({ plan: "documented" }))).pointsPerWindow).toBe(10_000);
    const plan = planDevice(device({ ...server({ plan: "2026" }), region: "ota_0" }));
    expect(plan.pointsPerWindow).toBe(100_000);
    expect(plan.daysOffline).toBeCloseTo(84, 0);
    expect(planDevice(device(server({ plan: { pointsPerDayMax: 5000 } }))).pointsPerWindow).toBe(5000);
    expect(planDevice(device(server({ plan: "2026", pointsPerDayMax: 50_000 }))).pointsPerWindow).toBe(50_000);
  });

  it("refuses more samples than the server takes, with the numbers and the ways out", () => {
    const plan = planDevice(device({}, [5_000]));
    expect(plan.errors).toHaveLength(1);
    expect(plan.errors[0]).toContain("17,280 samples a day");
    expect(plan.errors[0]).toContain("9,931");
    for (const way of ["intervals 1.75 times", "fewer datastreams", "pointsPerDayMax", '"thin"', '"oldest-first"']) {
      expect(plan.errors[0]).toContain(way);
    }
  });

  it("accepts an overload that the device file allows, and says what happens to the samples", () => {
    const thin = planDevice(device({ overload: "thin" }, [5_000]));
    expect(thin.errors).toEqual([]);
    expect(thin.thinEvery).toBe(2);
    expect(thin.warnings[0]).toContain("every 2nd is sent");
    const oldest = planDevice(device({ overload: "oldest-first" }, [5_000]));
    expect(oldest.errors).toEqual([]);
    expect(oldest.warnings[0]).toContain("7,349 a day will expire");
  });

  it("takes the limits of another plan from the device file", () => {
    const server = { url: "https://blynk.cloud", pointsPerDayMax: 100_000 };
    expect(planDevice(device({ server }, [5_000])).errors).toEqual([]);
  });

  it("refuses a region that is too small for its datastreams", () => {
    const plan = planDevice(device({}, Array(6).fill(600_000)));
    expect(plan.errors[0]).toContain("14 pages for samples, 6 datastreams need 15");
    expect(planDevice(device({ region: "ota_0" }, Array(6).fill(600_000))).errors).toEqual([]);
  });

  it("warns about a region whose size only the chip knows, and about too many requests a day", () => {
    expect(planDevice(device({ region: "mine" })).warnings[0]).toContain("region mine");
    expect(planDevice(device({ syncEveryMs: 60_000 })).warnings[0]).toContain("4320 requests a day");
  });

  it("counts one datastream as one", () => {
    expect(counted(1, "datastream")).toBe("1 datastream");
    expect(counted(2, "datastream")).toBe("2 datastreams");
    expect(planDevice(device({ syncEveryMs: 60_000 }, [1000])).warnings.join()).not.toContain("1 datastreams");
  });

  it("lists datastreams, total and region as text", () => {
    const text = describePlan(planDevice(device()));
    expect(text).toContain("v1   sensor 1");
    expect(text).toContain("every 1 min");
    expect(text).toContain("4,320 a day, of 9,931 that the unit sends at most (10,000 in 24 h 10 min)");
    expect(text).toMatch(
      /region flash: 64 kB, 14 pages for samples, about 46,488 of them: 10\.8 days offline, down to 4\.2 if/,
    );
    expect(text).toContain(
      "after an outage of up to 9.8 days nothing is lost; a full backlog drains in 6.5 days of Wi-Fi",
    );
  });
});

const MISTAKES: [path: string, value: unknown, words: string][] = [
  ["datastreams.0.pin", "1", "datastreams[0].pin must be a virtual pin"],
  ["datastreams.0.pin", "v256", "datastreams[0].pin must be a virtual pin"],
  ["datastreams.0.pin", "v01", "datastreams[0].pin must be a virtual pin"],
  ["datastreams.1.pin", "v1", "datastreams[1].pin v1 is taken by datastreams[0]"],
  ["datastreams.0.intervalMs", 0, "datastreams[0].intervalMs must be at least 100 ms"],
  ["datastreams.0.intervalMs", -5, "datastreams[0].intervalMs must be at least 100 ms"],
  ["datastreams.0.intervalMs", 1000.5, "datastreams[0].intervalMs must be a whole number of ms"],
  ["datastreams.0.decimals", 5, "datastreams[0].decimals must be 0 to 4"],
  ["datastreams.0.priority", 0, "datastreams[0].priority must be 1, 2 or 3"],
  ["datastreams.0.sensor", 21.5, "datastreams[0].sensor must be a sensor"],
  ["datastreams.0.intervalS", 60, "datastreams[0] has no intervalS"],
  ["datastreams", [], "datastreams must have at least one"],
  ["server.url", "blynk.cloud", "server.url must be https://HOST"],
  ["server.url", "http://blynk.cloud", "allowPlainHttp"],
  ["server.pointsPerDayMax", 0, "server.pointsPerDayMax must be at least 1"],
  [
    "server.plan",
    "2027",
    'server.plan must be "documented", "2026", or limits in whole numbers: { pointsPerRequestMax,',
  ],
  ["server.plan", { pointsPerDayMax: 0 }, "server.plan.pointsPerDayMax must be at least 1"],
  ["server.plan", { pointsADay: 5 }, "server.plan has no pointsADay"],
  ["timeServers", [], "timeServers must have at least one host"],
  ["overload", "drop", 'overload must be "thin" or "oldest-first"'],
  ["region", { address: 100, bytes: 4096 }, "region.address must be a multiple of 1024"],
  ["region", "", "region must not be empty"],
  ["region", 5, "region must be a partition's label"],
  ["led", { pin: "D2" }, "led.activeLow is missing: it must say true or false"],
  ["led", 2, "led must be an object: { pin, activeLow }"],
  ["server", undefined, "server is missing: it must be an object: { url }"],
  ["server", "https://blynk.cloud", "server must be an object: { url }"],
  ["server", { url: "https://blynk.cloud", port: 443 }, "server has no port"],
  [
    "datastreams.0",
    undefined,
    "datastreams[0] is missing: it must be an object: { pin, name, sensor, intervalMs, decimals }",
  ],
  ["console", true, "console must be an object: { telnet, bluetooth }"],
  ["console", { telnet: 1 }, "console.telnet must say true or false"],
  ["timeServers", [4], "timeServers[0] must be a host's name"],
  ["button", { pin: 0, activeLow: true }, "button.pin must be a pin's name"],
];

describe("a device file", () => {
  it("has no mistakes if it is right", () => expect(findDeviceMistakes(device())).toEqual([]));

  it("is refused with the datastream's name beside its index, and with the member that was probably meant", () => {
    const mistakes = findDeviceMistakes(broken("regoin", "flash")).join("\n");
    expect(mistakes).toContain("the device has no regoin (did you mean region?)");
    const named = findDeviceMistakes(broken("datastreams.0.decimals", 9)).join("\n");
    expect(named).toMatch(/^datastreams\[0\]\.decimals must be 0 to 4 \(datastream ".+"\)$/);
  });

  for (const [path, value, words] of MISTAKES) {
    it(`is refused for ${path} = ${JSON.stringify(value)}, by name`, () => {
      expect(findDeviceMistakes(broken(path, value)).join("\n")).toContain(words);
    });
  }

  it("loads on this machine, with stand-ins for Espruino's functions and with the firmware's sensors", async () => {
    const deviceSource = `
      import type { Device } from "./device-types.ts";
      import { LIMITS } from "espruino-backfill/limits.ts";
      pinMode(D13, "output");
      const bus = new OneWire(D14);
      export const device: Device = {
        name: "of a user's own", region: "ota_0", server: { url: "https://blynk.cloud" }, timeServers: ["a.example"],
        datastreams: [{ pin: "v7", name: "x", sensor: (done) => done(bus.search()), intervalMs: LIMITS.intervalMsMin, decimals: 0 }],
      };`;
    const read = await loadDevice({ deviceSource });
    expect(read.datastreams[0]).toMatchObject({ pin: "v7", intervalMs: 100 });
  });

  it("that throws, or exports nothing, is refused with that reason", async () => {
    await expect(
      loadDevice({ deviceSource: 'throw new Error("no such thing");\nexport const device = 1;' }),
    ).rejects.toThrow("fails when it is loaded: no such thing");
    await expect(loadDevice({ deviceSource: "export const device = undefined;" })).rejects.toThrow("exports no device");
  });

  it("that exports under another name, or as default, is told the name", async () => {
    const named = loadDevice({ deviceSource: "export const devise = {};" });
    await expect(named).rejects.toThrow("it exports no device: export it as `export const device`");
    const byDefault = loadDevice({ deviceSource: "export default {};" });
    await expect(byDefault).rejects.toThrow(/instead of `export default`, export it as `export const device`$/);
  });

  it("with too much to send stops the build before anything is bundled", async () => {
    const deviceSource = `export const device = {
      name: "busy", region: "flash", server: { url: "https://blynk.cloud" }, timeServers: ["a.example"],
      datastreams: [{ pin: "v7", name: "x", sensor: () => {}, intervalMs: 1000, decimals: 0 }] };`;
    await expect(buildFirmware({ deviceSource })).rejects.toThrow(BuildError);
    await expect(buildFirmware({ deviceSource })).rejects.toThrow("86,400 samples a day");
    await expect(buildFirmware({ deviceSource })).rejects.toThrow(
      "8.71 times as long (intervalMs: 9000 in place of 1000)",
    );
  });
});
