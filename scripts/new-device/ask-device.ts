/** The questions of `npm run new`: one for each thing that no flag has said. */
import { complainOfOrigin } from "../build/device-mistakes.ts";
import { checkPins } from "../build/pins/check-pins.ts";
import { CHIPS, type ChipName } from "../build/pins/chips.ts";
import { ownerCalled, type PinWay } from "../build/pins/pin-use.ts";
import {
  type Argument,
  findSensorKind,
  type PinNeed,
  SENSOR_KINDS,
  type SensorKind,
  type Setting,
} from "../build/pins/sensor-kinds.ts";
import { PARTITION_BYTES } from "../build/plan.ts";
import type { Questions } from "../console/terminal/terminal.ts";
import { durationMs } from "../simulator/duration.ts";
import { complainOfInterval, complainOfSetting } from "./sensor-flag.ts";
import {
  completeValues,
  type FreePins,
  freePins,
  initialOf,
  NONE,
  PANELS,
  type SensorValues,
  type WantedDevice,
  type WantedSensor,
} from "./wanted-device.ts";

const BOARDS: { value: ChipName; label: string; hint: string }[] = [
  { value: "ESP32", label: "ESP32", hint: "most boards: DevKit, WROOM, WROVER" },
  { value: "ESP32C3", label: "ESP32-C3", hint: "reads analog pins D0 to D4" },
  { value: "ESP32S3", label: "ESP32-S3", hint: "Espruino reads no analog pin of it" },
];

/** What each way of use needs, as the pin check names it. */
const WAYS: { [need in PinNeed]: PinWay } = {
  analog: "analog input",
  "pull-up": "input with pull-up",
  drive: "output",
  any: "input",
};

const DONE = "done";

/** What the flags said. Their sensors get their pins when the board is known. */
export type SaidByFlags = Partial<Omit<WantedDevice, "sensors">> & {
  placeSensors?(board: ChipName, taken: string[]): WantedSensor[];
};

/** Asks what `known` leaves open. Rejects with `Cancelled` when the person gives up. `initialName`: of the unit. */
export async function askDevice(ask: Questions, known: SaidByFlags, initialName: string): Promise<WantedDevice> {
  const name = known.name ?? (await ask.text("Name of the unit", complainOfEmpty, initialName));
  const board = known.board ?? ((await ask.select("Board", BOARDS)) as ChipName);
  const panel = PANELS[board];
  const button = known.button ?? (await askPanelPin(ask, "button", board, panel.button));
  const led = known.led ?? (await askPanelPin(ask, "LED", board, panel.led));
  const sensors = known.placeSensors
    ? known.placeSensors(board, [led, button])
    : await askSensors(ask, board, freePins(board, [led, button]));
  const url = known.url ?? (await ask.text("Server", complainOfUrl, "https://blynk.cloud"));
  const allowPlainHttp = known.allowPlainHttp ?? (await askPlainHttp(ask, url));
  const region = known.region ?? (await ask.select("Room for samples", regions()));
  const connectEveryMs = known.connectEveryMs ?? (await askConnectEvery(ask));
  return { name, board, button, led, sensors, url, allowPlainHttp, region, connectEveryMs };
}

function complainOfEmpty(text: string): string | undefined {
  return text.trim() === "" ? "Give a name." : undefined;
}

/** As the device file's check has it. */
export function complainOfUrl(url: string): string | undefined {
  const complaint = complainOfOrigin(url);
  return complaint === undefined ? undefined : `The server ${complaint}.`;
}

async function askPlainHttp(ask: Questions, url: string): Promise<boolean> {
  if (!url.startsWith("http:")) return false;
  return ask.confirm("http: anyone on the way can read the token. Is that all right?", false);
}

function regions(): { value: string; label: string }[] {
  return Object.entries(PARTITION_BYTES).map(([value, bytes]) => {
    const size = bytes < 1024 * 1024 ? `${bytes / 1024} kB` : `${bytes / 1024 / 1024} MB`;
    return { value, label: `partition ${value}, ${size}` };
  });
}

async function askConnectEvery(ask: Questions): Promise<number | undefined> {
  const text = await ask.text("Switch the radio on only each (such as 6h; empty: always on)", complainOfConnect);
  return text.trim() === "" ? undefined : durationMs(text);
}

const CONNECT_MIN_MS = 60_000;

/** Why a text is no interval of a radio that is on for syncs only, or undefined; an empty one is all right. */
export function complainOfConnect(text: string): string | undefined {
  if (text.trim() === "") return undefined;
  const complaint = complainOfInterval(text);
  if (complaint !== undefined) return complaint;
  return durationMs(text) < CONNECT_MIN_MS ? "a minute (1m) or more" : undefined;
}

async function askPanelPin(ask: Questions, what: "button" | "LED", board: ChipName, initial: string): Promise<string> {
  const way = what === "LED" ? "output" : "input with pull-up";
  const check = (pin: string) => (pin.trim() === NONE ? undefined : complainOfPin(board, pin.trim(), way, what));
  return (await ask.text(`Pin of the ${what} ("${NONE}" if there is none)`, check, initial)).trim();
}

function complainOfPin(board: ChipName, pin: string, way: PinWay, what: string): string | undefined {
  return checkPins(CHIPS[board], [{ pin, way, owner: ownerCalled(what) }]).errors[0];
}

async function askSensors(ask: Questions, board: ChipName, pins: FreePins): Promise<WantedSensor[]> {
  const sensors: WantedSensor[] = [];
  let interval = "1m";
  for (;;) {
    const kind = findSensorKind(await ask.select("Sensor", sensorChoices(board, sensors.length > 0)));
    if (kind === undefined) return sensors;
    const values = await askValues(ask, board, kind, pins);
    const quantities = [];
    for (const quantity of kind.quantities) {
      const isWanted = kind.quantities.length === 1 || (await ask.confirm(`Log its ${quantity.name}?`, true));
      if (isWanted) quantities.push(quantity);
    }
    // Whoever wants nothing of it has taken a wrong turn.
    if (quantities.length === 0) continue;
    const isOne = quantities.length === 1;
    const name = isOne ? await ask.text("Name of its datastream", complainOfEmpty, quantities[0].name) : undefined;
    interval = await ask.text("Interval (such as 30s, 1m, 2h)", (text) => complainOfInterval(text, kind), interval);
    const sensor = { kind, values, quantities, name, intervalMs: durationMs(interval) };
    pins.take(sensor);
    sensors.push(sensor);
  }
}

function sensorChoices(board: ChipName, isMore: boolean): { value: string; label: string; hint?: string }[] {
  const choices = SENSOR_KINDS.filter((kind) => CHIPS[board].analog.length > 0 || !readsAnalog(kind)).map((kind) => {
    return { value: kind.name, label: kind.name, hint: kind.what };
  });
  return isMore ? [{ value: DONE, label: "no more sensors" }, ...choices] : choices;
}

export function readsAnalog(kind: SensorKind): boolean {
  return kind.args.some((one) => one.is === "pin" && one.need === "analog");
}

async function askValues(ask: Questions, board: ChipName, kind: SensorKind, pins: FreePins): Promise<SensorValues> {
  const values: SensorValues = {};
  for (const argument of kind.args) {
    if (argument.is === "settings") {
      for (const setting of argument.members) await askSetting(ask, setting, values);
      continue;
    }
    const initial = completeValues(kind, values, pins)[argument.name];
    const answer = await askArgument(ask, argument, { board, kind, initial });
    if (answer !== undefined) values[argument.name] = answer;
  }
  return values;
}

async function askArgument(
  ask: Questions,
  argument: Argument,
  { board, kind, initial }: { board: ChipName; kind: SensorKind; initial: string | number | undefined },
): Promise<string | number | undefined> {
  switch (argument.is) {
    case "pin": {
      const check = (pin: string) => complainOfPin(board, pin.trim(), WAYS[argument.need], kind.name);
      return (await ask.text(`Pin for ${argument.what}`, check, String(initial ?? ""))).trim();
    }
    case "choice": {
      // The proposed one first.
      const addresses = [...argument.of].sort((one, other) => Number(other === initial) - Number(one === initial));
      const choices = addresses.map((address) => {
        return { value: String(address), label: `0x${address.toString(16)}` };
      });
      const address = Number(await ask.select(argument.what, choices));
      return address === argument.of[0] ? undefined : address;
    }
    case "text": {
      const text = (await ask.text(`${argument.what} (empty: none)`, () => undefined)).trim();
      return text === "" ? undefined : text;
    }
    default:
      return undefined;
  }
}

async function askSetting(ask: Questions, setting: Setting, values: SensorValues): Promise<void> {
  const isNeeded = setting.is === "number" && setting.needed === true;
  const initial = initialOf(setting, values);
  // Another setting stands for it.
  if (setting.is === "number" && setting.unless !== undefined && values[setting.unless] !== undefined) return;
  const check = (text: string) => {
    if (text.trim() === "" && !isNeeded) return undefined;
    const complaint = complainOfSetting(setting, text.trim());
    return complaint === undefined ? undefined : `${setting.name} ${complaint}`;
  };
  const choices = setting.is === "choice" ? `${setting.of.join(" or ")}; ` : "";
  const hint = isNeeded ? "" : ` (${choices}empty: left out)`;
  const text = (await ask.text(`${setting.name}: ${setting.what}${hint}`, check, initial?.toString())).trim();
  if (text !== "") values[setting.name] = setting.is === "number" ? Number(text) : text;
}
