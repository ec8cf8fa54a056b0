/** `npm run new`: a device file from answers or flags, which builds and passes tsc as it was written. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/build/bundle.ts";
import { loadDevice, loadDeviceFile } from "../../scripts/build/device-file.ts";
import { CHIPS, type ChipName } from "../../scripts/build/pins/chips.ts";
import { SENSOR_KINDS } from "../../scripts/build/pins/sensor-kinds.ts";
import { Cancelled } from "../../scripts/console/terminal/field-error.ts";
import { newDevice } from "../../scripts/new.ts";
import { askDevice, readsAnalog } from "../../scripts/new-device/ask-device.ts";
import { deviceText } from "../../scripts/new-device/device-text.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { eagerAnswers } from "../support/console/eager-answers.ts";
import { makeTempFolder } from "../support/console/temp-folder.ts";

const BOARDS = Object.keys(CHIPS) as ChipName[];
const COMBINATIONS = BOARDS.flatMap((board) => SENSOR_KINDS.map((kind) => ({ board, kind })));

async function runNew(...args: string[]) {
  const terminal = captureTerminal();
  const path = join(makeTempFolder(), "barn.ts");
  const status = await newDevice([path, ...args], terminal);
  const text = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  return { path, status, told: terminal.text(), out: terminal.out, text };
}

describe("npm run new, asking", () => {
  it.each(COMBINATIONS.filter(({ board, kind }) => CHIPS[board].analog.length > 0 || !readsAnalog(kind)))(
    "writes a file without mistakes for $kind.name on $board",
    async ({ board, kind }) => {
      const text = deviceText(await askDevice(eagerAnswers(kind.name, board), {}, "shed"), "shed.ts");
      const { device, pinWarnings } = await loadDeviceFile({ deviceSource: text });
      expect(device).toMatchObject({ name: "shed", board });
      expect(device.datastreams.map((one) => one.pin)).toEqual(kind.quantities.map((_, i) => `v${i + 1}`));
      expect(pinWarnings).toEqual([]);
      // The house rule for those who keep their device files under version control.
      for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(130);
    },
  );

  it("does not offer a sensor that the board can't read", async () => {
    await expect(askDevice(eagerAnswers("soil", "ESP32S3"), {}, "x")).rejects.toThrow("soil is not offered on ESP32S3");
  });

  it("asks for board, pins, options, interval and server, and writes the answers down", async () => {
    const ask = eagerAnswers("analog", "ESP32", {
      "Pin for analog": "D36",
      "scale:": "330",
      "offset:": "-50",
      "Name of its datastream": "soil heat",
      Interval: "5m",
      Server: "https://fra1.blynk.cloud",
      "Switch the radio on": "6h",
    });
    const path = join(makeTempFolder(), "field.ts");
    const terminal = captureTerminal({ interactive: true, ask });
    expect(await newDevice([path], terminal)).toBe(0);
    const text = readFileSync(path, "utf8");
    expect(text).toContain('sensor: analog("D36", { scale: 330, offset: -50 }),');
    expect(text).toContain('name: "soil heat",');
    expect(text).toContain("intervalMs: 300000, // 5 min");
    expect(text).toContain("connectEveryMs: 21600000,");
    expect((await loadDevice({ deviceFile: path })).server).toEqual({ url: "https://fra1.blynk.cloud" });
    expect(terminal.text()).toContain("288 a day");
  });

  it("asks again for a pin that can't serve, in words", async () => {
    const ask = eagerAnswers("pulse", "ESP32", { "Pin for contact": "D34" });
    await expect(askDevice(ask, {}, "x")).rejects.toThrow(/pulse uses D34: it has no pull-up\. Would do: D27/);
  });

  it("asks nothing that a flag has said", async () => {
    const ask = eagerAnswers("analog", "ESP32");
    const path = join(makeTempFolder(), "field.ts");
    const flags = ["--board", "ESP32C3", "--name", "x", "--sensor", "soil", "--server", "https://blynk.cloud"];
    const rest = ["--region", "ota_0", "--button", "none", "--led", "none", "--connect-every", "6h"];
    expect(await newDevice([path, ...flags, ...rest], captureTerminal({ interactive: true, ask }))).toBe(0);
    expect(ask.asked).toEqual([]);
  });

  it("says that nothing was written when somebody gives up at any question", async () => {
    const path = join(makeTempFolder(), "field.ts");
    const questions = eagerAnswers("bme280", "ESP32");
    await askDevice(questions, {}, "x");
    for (let i = 0; i < questions.asked.length; i++) {
      const ask = eagerAnswers("bme280", "ESP32");
      const orGiveUp = <T extends unknown[], R>(question: (...args: T) => Promise<R>) => {
        return (...args: T) => (ask.asked.length === i ? Promise.reject(new Cancelled()) : question(...args));
      };
      const tired = {
        ...ask,
        text: orGiveUp(ask.text),
        select: orGiveUp(ask.select),
        confirm: orGiveUp(ask.confirm),
      };
      const terminal = captureTerminal({ interactive: true, ask: tired });
      expect(await newDevice([path], terminal)).toBe(1);
      expect(terminal.text()).toBe("✗ Cancelled.\n  Nothing was written.");
    }
    expect(existsSync(path)).toBe(false);
  });
});

describe("npm run new, with flags", () => {
  it("gives each sensor free pins, shares the I²C bus, and keeps two chips apart", async () => {
    const sensors = ["pulse:pin=D27", "hx711", "bme280", "bmp280:only=pressure", "sht4x:name=roof", "battery:ratio=2"];
    const { status, told, text } = await runNew("--region", "ota_0", ...sensors.flatMap((one) => ["--sensor", one]));
    expect(told).toContain("1,440 a day");
    expect(status).toBe(0);
    expect(text).toContain('pulse("D27", { perPulse: 1, debounceMs: 20 })');
    expect(text).toContain('hx711("D26", "D25", { tare: 0, scale: 1 })');
    expect(text).toContain('bme280("D21", "D22")');
    expect(text).toContain('bmp280("D21", "D22", 0x77)');
    expect(text).toContain('battery("D32", { ratio: 2 })');
    expect([...(text ?? "").matchAll(/ {6}name: "(.+)"/g)].map(([, name]) => name)).toEqual([
      "pulses",
      "weight",
      "temperature",
      "humidity",
      "pressure",
      "pressure 2",
      "roof temperature",
      "roof humidity",
      "battery",
    ]);
  });

  it("prints the file and its plan as one JSON object", async () => {
    const { path, out } = await runNew("--json", "--sensor", "dht22:only=humidity");
    const { file, plan } = JSON.parse(out.join("\n"));
    expect(file).toBe(path);
    expect(plan.streams).toEqual([expect.objectContaining({ pin: "v1", name: "humidity", intervalMs: 60_000 })]);
  });

  it("prints an error as JSON, too", async () => {
    const { out, status } = await runNew("--json");
    expect(status).toBe(1);
    expect(JSON.parse(out.join("\n")).error.message).toBe(
      "No sensor is named, and nobody can be asked. Nothing was written.",
    );
  });

  it("explains every sensor, key and exit status with --help", async () => {
    const terminal = captureTerminal();
    expect(await newDevice(["--help"], terminal)).toBe(0);
    for (const kind of SENSOR_KINDS) expect(terminal.text()).toContain(kind.what);
    expect(terminal.text()).toContain("pin, perPulse, edge, debounceMs");
    expect(terminal.text().match(/Exit status: 0 .+; 1 /g)).toHaveLength(1);
  });

  const REFUSED: [what: string, args: string[], status: number, words: string | RegExp][] = [
    ["no sensor", [], 1, "No sensor is named, and nobody can be asked. Nothing was written."],
    ["an unknown sensor", ["--sensor", "bme28"], 2, "There is no sensor bme28 (did you mean bme280?)"],
    ["an unknown key", ["--sensor", "analog:pn=D34"], 2, "analog has no pn (did you mean pin?)"],
    ["a key without a value", ["--sensor", "analog:D34"], 2, '"D34" is not KEY=VALUE, such as pin=D34.'],
    ["a text as a number", ["--sensor", "analog:scale=ten"], 2, "analog: scale must be a number, not ten."],
    [
      "an unknown quantity",
      ["--sensor", "dht22:only=pressure"],
      2,
      "dht22 has no pressure: it has temperature, humidity.",
    ],
    ["an address that can't be", ["--sensor", "bme280:address=0x44"], 2, "address must be 0x76 or 0x77, not 0x44."],
    ["an interval that is too short", ["--sensor", "dht22:every=1s"], 2, "dht22 needs 5s or more."],
    ["an interval without a unit", ["--sensor", "dht22", "--every", "5"], 2, '"5" is not a duration: write 90s'],
    ["a pin that can't serve", ["--sensor", "analog:pin=D4"], 1, /analog uses D4: it belongs to ADC2.*Would do: D32/],
    [
      "an analog sensor on an S3",
      ["--sensor", "soil", "--board", "ESP32-S3"],
      1,
      "No pin of the ESP32S3 is free for soil",
    ],
    ["an unknown board", ["--sensor", "soil", "--board", "ESP8266"], 2, "There are ESP32, ESP32C3, ESP32S3"],
    [
      "a port that can't be",
      ["--sensor", "soil", "--server", "https://a.example:99999"],
      2,
      "a port that is not 1 to 65535",
    ],
    [
      "plain http",
      ["--sensor", "soil", "--server", "http://a.example"],
      1,
      "or --allow-plain-http if that is all right",
    ],
    ["an unknown flag", ["--sensro", "soil"], 2, "(Did you mean --sensor?)"],
    [
      "more than a region holds",
      ["--sensor", "bme280", "--sensor", "sht4x", "--sensor", "scd4x"],
      1,
      "another --region",
    ],
  ];

  it.each(REFUSED)("refuses %s, and writes nothing", async (_what, args, status, words) => {
    const made = await runNew(...args);
    expect(made.status).toBe(status);
    if (typeof words === "string") expect(made.told).toContain(words);
    else expect(made.told).toMatch(words);
    expect(made.text).toBeUndefined();
  });

  it("never overwrites a file, and makes no folder", async () => {
    const path = join(makeTempFolder(), "barn.ts");
    writeFileSync(path, "mine");
    const terminal = captureTerminal();
    expect(await newDevice([path, "--sensor", "soil"], terminal)).toBe(1);
    expect(terminal.text()).toContain("is there already. Nothing was written.");
    expect(readFileSync(path, "utf8")).toBe("mine");
    expect(await newDevice([join(path, "..", "no", "barn.ts"), "--sensor", "soil"], terminal)).toBe(1);
    expect(terminal.text()).toContain("There is no folder");
    expect(await newDevice([join(path, "..", "barn.js"), "--sensor", "soil"], terminal)).toBe(1);
    expect(terminal.text()).toContain("Give one that ends with .ts.");
  });
});

it("what npm run new writes passes tsc, for every sensor and board", async () => {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  // In the repository: the package's own name is known only there.
  const folder = mkdtempSync(join(ROOT, "dist", "new-"));
  try {
    for (const { board, kind } of COMBINATIONS) {
      if (CHIPS[board].analog.length === 0 && readsAnalog(kind)) continue;
      const path = join(folder, `${kind.name}-${board}.ts`);
      writeFileSync(path, deviceText(await askDevice(eagerAnswers(kind.name, board), {}, "x"), path));
    }
    const files = { extends: "../../firmware/tsconfig.json", include: [".", "../../firmware/platform/*.d.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(files));
    const tsc = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["--noEmit", "-p", folder], { encoding: "utf8" });
    expect(tsc.stdout + tsc.stderr).toBe("");
    expect(tsc.status).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
