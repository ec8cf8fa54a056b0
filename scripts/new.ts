/** `npm run new -- my-device.ts`: asks what a unit measures and where it sends, and writes its device file. */
import { existsSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { BuildError, type Built, buildFirmware } from "./build/build-firmware.ts";
import { DeviceFileError } from "./build/device-file.ts";
import { didYouMean } from "./build/did-you-mean.ts";
import { sayFileError } from "./build/file-error.ts";
import { CHIPS, type ChipName } from "./build/pins/chips.ts";
import { SENSOR_KINDS } from "./build/pins/sensor-kinds.ts";
import { describePlan, PARTITION_BYTES } from "./build/plan.ts";
import { BundleError } from "./build/problems.ts";
import { type CommandFunction, createCommand, EXIT_STATUS, execute, runAsProgram } from "./console/terminal/command.ts";
import { Cancelled, FieldError } from "./console/terminal/field-error.ts";
import { withJson } from "./console/terminal/json-output.ts";
import { sayWhenStopped } from "./console/terminal/stopping.ts";
import type { Terminal } from "./console/terminal/terminal.ts";
import { askDevice, complainOfConnect, complainOfUrl, readsAnalog, type SaidByFlags } from "./new-device/ask-device.ts";
import { deviceText } from "./new-device/device-text.ts";
import { complainOfInterval, parseSensorFlag, type SensorFlag } from "./new-device/sensor-flag.ts";
import { completeValues, freePins, PANELS, type WantedDevice, type WantedSensor } from "./new-device/wanted-device.ts";
import { durationMs } from "./simulator/duration.ts";

interface NewOptions {
  name?: string;
  board?: ChipName;
  sensor?: SensorFlag[];
  every?: number;
  server?: string;
  allowPlainHttp?: boolean;
  region?: string;
  connectEvery?: number;
  button?: string;
  led?: string;
  yes?: boolean;
}

const NOTHING = "Nothing was written.";

export const newDevice: CommandFunction = withJson((args, terminal) => {
  const command = createCommand(
    "new",
    "Writes a device file: what a unit measures and where it sends. It was built before it is written.",
    terminal,
    EXIT_STATUS,
    "{ file, bytes, plan }, as scripts/build/plan.ts has the plan; nothing is asked then",
  )
    .usage("FILE.ts [options]")
    .argument("<file>", "the device file to write; one that is there is never overwritten")
    .option("--board <chip>", `${Object.keys(CHIPS).join(", ")}; default ESP32`, parseBoard)
    .option("--name <text>", "name of the unit; default: that of the file")
    .option("--sensor <kind>", "a sensor, see below; may be given several times", addSensor)
    .option("--every <interval>", "of sensors that have none of their own: 30s, 5m, 1h; default 1m", parseInterval)
    .option("--server <url>", "default https://blynk.cloud", parseUrl)
    .option("--allow-plain-http", "for a server without https: anyone on the way can read the token")
    .option("--region <label>", `partition that holds the samples: ${Object.keys(PARTITION_BYTES).join(", ")}`)
    .option("--connect-every <interval>", "switch the radio on only this often; default: always on", parseConnect)
    .option("--button <pin>", 'pin of the button, or "none"')
    .option("--led <pin>", 'pin of the LED, or "none"')
    .option("--yes", "ask nothing: what no option says gets its default")
    .addHelpText("after", `\n${helpOnSensors()}`)
    .action((file: string, options: NewOptions) => run(file, options, terminal));
  return execute(command, args, terminal);
});

function helpOnSensors(): string {
  const kinds = SENSOR_KINDS.map((kind) => {
    const keys = kind.args.flatMap((one) =>
      one.is === "settings" ? one.members.map((member) => member.name) : one.name,
    );
    return `  ${kind.name.padEnd(9)}${kind.what}${keys.length > 0 ? `\n           ${keys.join(", ")}` : ""}`;
  });
  return `Sensors: --sensor KIND or --sensor KIND:KEY=VALUE,KEY=VALUE. What is not said gets a free pin or its default.
Every kind also has name=TEXT, every=5m and only=temperature+humidity.
  npm run new -- barn.ts --sensor bme280:only=temperature+humidity,every=5m --sensor battery:pin=D32,ratio=2
${kinds.join("\n")}`;
}

function parseBoard(text: string): ChipName {
  const names = Object.keys(CHIPS) as ChipName[];
  const found = names.find((name) => name === text.toUpperCase().replace("-", ""));
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`There are ${names.join(", ")}${didYouMean(text, names)}.`);
}

function addSensor(text: string, before: SensorFlag[] = []): SensorFlag[] {
  return [...before, parseSensorFlag(text)];
}

function orInvalid(complaint: string | undefined): void {
  if (complaint !== undefined) throw new InvalidArgumentError(`${complaint.replace(/\.$/, "")}.`);
}

function parseInterval(text: string): number {
  orInvalid(complainOfInterval(text));
  return durationMs(text);
}

function parseConnect(text: string): number {
  orInvalid(text.trim() === "" ? "Give an interval, such as 6h" : complainOfConnect(text));
  return durationMs(text);
}

function parseUrl(text: string): string {
  orInvalid(complainOfUrl(text));
  return text;
}

async function run(file: string, options: NewOptions, terminal: Terminal): Promise<void> {
  sayWhenStopped(NOTHING);
  requireFree(file);
  const device = await wantedDevice(file, options, terminal);
  requirePossible(device);
  const text = deviceText(device, file);
  const built = await tryBuild(text);
  write(file, text);
  sayWhenStopped(`${file} is written.`);
  terminal.json?.result({ file, bytes: built.bytes, plan: built.plan });
  const { bold, green, yellow } = terminal.colors;
  terminal.print(`${green("✓")} ${bold(file)}\n${describePlan(built.plan)}`);
  for (const warning of built.plan.warnings) terminal.print(yellow(`  ${warning}`));
  terminal.print(`Next: npm run simulate -- --device ${file} --offline 1d, or npm run flash -- --device ${file}`);
}

/** Throws a `FieldError` if the file can't be made. */
function requireFree(file: string): void {
  if (!file.endsWith(".ts"))
    throw new FieldError(`${file} is no name for a device file.`, "Give one that ends with .ts.");
  if (existsSync(file))
    throw new FieldError(`${file} is there already. ${NOTHING}`, "Give another name, or move it away.");
  const folder = dirname(resolve(file));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new FieldError(`There is no folder ${folder}. ${NOTHING}`, "Make it first, or check the path.");
  }
}

async function wantedDevice(file: string, options: NewOptions, terminal: Terminal): Promise<WantedDevice> {
  const isAsked = terminal.interactive && options.yes !== true && terminal.json === undefined;
  if (!isAsked && options.sensor === undefined) {
    throw new FieldError(
      `No sensor is named, and nobody can be asked. ${NOTHING}`,
      `Name one with --sensor: ${SENSOR_KINDS.map((kind) => kind.name).join(", ")}.`,
    );
  }
  const name = basename(file, ".ts");
  if (!isAsked) return withDefaults(name, options);
  try {
    return await askDevice(terminal.ask, saidByFlags(options), name);
  } catch (error) {
    throw error instanceof Cancelled ? new Cancelled(NOTHING) : error;
  }
}

function saidByFlags(options: NewOptions): SaidByFlags {
  const { name, board, server, region, connectEvery, button, led, allowPlainHttp, sensor, every } = options;
  const placed = sensor && {
    placeSensors: (chip: ChipName, taken: string[]) => placeSensors(sensor, every, chip, taken),
  };
  return { name, board, url: server, region, connectEveryMs: connectEvery, button, led, allowPlainHttp, ...placed };
}

/** What the flags say, and for the rest what most units have. */
function withDefaults(name: string, options: NewOptions): WantedDevice {
  const { board = "ESP32", sensor = [], every } = options;
  const { button = PANELS[board].button, led = PANELS[board].led } = options;
  return {
    name: options.name ?? name,
    board,
    button,
    led,
    sensors: placeSensors(sensor, every, board, [button, led]),
    url: options.server ?? "https://blynk.cloud",
    allowPlainHttp: options.allowPlainHttp ?? false,
    region: options.region ?? "flash",
    connectEveryMs: options.connectEvery,
  };
}

/** The sensors of the flags, with free pins where they name none. Those that they name are taken first. */
function placeSensors(
  flags: SensorFlag[],
  everyMs: number | undefined,
  board: ChipName,
  taken: string[],
): WantedSensor[] {
  const named = flags.flatMap(({ kind, values }) => kind.args.map((one) => String(values[one.name])));
  const pins = freePins(board, [...taken, ...named]);
  return flags.map(({ kind, values, quantities, name, intervalMs }) => {
    const placed = {
      kind,
      values: completeValues(kind, values, pins),
      quantities,
      name,
      intervalMs: intervalMs ?? Math.max(everyMs ?? 60_000, kind.intervalMinMs ?? 0),
    };
    pins.take(placed);
    return placed;
  });
}

/** Throws a `FieldError` for what the build would say in words of the file that is not there yet. */
function requirePossible({ board, sensors, url, allowPlainHttp }: WantedDevice): void {
  for (const { kind, values } of sensors) {
    const unplaced = kind.args.find((one) => one.is === "pin" && values[one.name] === undefined);
    if (unplaced === undefined) continue;
    const chip = CHIPS[board];
    const advice =
      readsAnalog(kind) && chip.analog.length === 0
        ? "Espruino reads no analog pin of this chip: use an ESP32 or an ESP32C3, or a sensor with I²C."
        : `Leave out a sensor, or name the pin yourself: --sensor ${kind.name}:${unplaced.name}=D27.`;
    throw new FieldError(`No pin of the ${board} is free for ${kind.name} (${unplaced.name}). ${NOTHING}`, advice);
  }
  if (url.startsWith("http:") && !allowPlainHttp) {
    const what = "Anyone on the way to a server without https can read the token";
    throw new FieldError(`${what}. ${NOTHING}`, "Give an https server, or --allow-plain-http if that is all right.");
  }
}

/** Builds it, so that what is written works. Throws a `FieldError` with what does not. */
async function tryBuild(deviceSource: string): Promise<Built> {
  try {
    return await buildFirmware({ deviceSource });
  } catch (error) {
    if (!(error instanceof BundleError || error instanceof DeviceFileError || error instanceof BuildError)) throw error;
    throw new FieldError(`${error.message}\n${NOTHING}`, "Choose other pins, values or sensors, or another --region.", {
      cause: error,
    });
  }
}

/** `wx`: a file that somebody made meanwhile stays as it is. */
function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "wx" });
  } catch (cause) {
    throw new FieldError(`${file} can't be written: ${sayFileError(cause)}.`, "Give another path.", { cause });
  }
}

runAsProgram(import.meta.url, newDevice);
