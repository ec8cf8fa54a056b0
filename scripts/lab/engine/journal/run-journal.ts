/**
 * The journal of a run: all that the views show, at the times of change. It looks on and changes nothing. With it any past moment
 * can be shown at once; the run itself can only go forward, or begin again from its seed.
 */
import type { DeviceStatus } from "../../../../firmware/status-types.ts";
import { pinNumber } from "../../../simulator/audit.ts";
import type { PreparedRun } from "../../../simulator/prepared-run.ts";
import type { PinRecord } from "../../../simulator/recorder.ts";
import type { TimelineEntry } from "../../protocol.ts";
import { type Column, countAt, createColumn } from "./column.ts";
import { createFlashJournal, type FlashJournal } from "./flash-journal.ts";
import { createLedgerReader, type LedgerListener } from "./ledger-reader.ts";
import { fixEntry, powerEntry, requestEntry, scriptedMoments, verdictEntry } from "./moments.ts";
import { createPinJournal, type PinJournal } from "./sample-journal.ts";
import { createStatusJournal, type StatusJournal } from "./status-journal.ts";

/** What the server took of a pin, in the order in which it came. */
export interface ServerPoints {
  ts: Column;
  values: Column;
  atMs: Column;
}

export interface RunJournal {
  flash: FlashJournal;
  pins: Map<number, PinJournal>;
  points: Map<number, ServerPoints>;
  status: StatusJournal;
  timeline: TimelineEntry[];
  violations: { atMs: number; text: string }[];
  lines: { atMs: number; text: string }[];
  /** Number of the first line that is still kept. */
  linesFrom(): number;
  power: Stages<"off" | "boot" | "on">;
  wifi: Stages<{ joined: string | undefined; dead: boolean }>;
  boots: Column;
  /** The LED: when it changed, and to what. */
  led: { changesMs: Column; lit: Column<Uint8Array> };
  /** Called after each event of the world. */
  follow(): void;
  /** Called after a look at the status. */
  looked(status: DeviceStatus): void;
  /** Called for each line of the console, as it is printed. */
  printed(line: string, atMs: number): void;
  /** Called when the program sets a pin's level. */
  level(pin: number, level: number): void;
  /** The script says something else about what lies ahead. */
  scriptChanged(): void;
}

/** Something that has one value at a time. */
export interface Stages<T> {
  note(atMs: number, value: T): void;
  at(atMs: number): T;
}

/** The last lines are kept, for people to read. */
const LINES_MAX = 20_000;
/** Two months of a heartbeat every five seconds. */
const LED_CHANGES_MAX = 2_000_000;
/** BOOT entries of one boot have sessions of the same eight (firmware/README.md, "Raw time"). */
const SESSIONS_A_BOOT = 8;

export function createRunJournal({ world, unit, standIn }: PreparedRun): RunJournal {
  const { board, recorder, network, flash, region, script } = unit;
  const pins = new Map<number, PinJournal>();
  const points = new Map<number, ServerPoints>();
  const held = new Map<number, Set<number>>();
  const timeline: TimelineEntry[] = [];
  /** Of the event that runs: requests show once it is over, so these are put in order then. */
  const told: TimelineEntry[] = [];
  const violations: RunJournal["violations"] = [];
  const lines: RunJournal["lines"] = [];
  let dropped = 0;
  let moments = scriptedMoments(script);
  let exchangesSeen = 0;
  let stageNow: "off" | "boot" | "on" = "off";
  let linkNow: { ssid: string | undefined; dead: boolean } = { ssid: undefined, dead: false };
  const flashJournal = createFlashJournal(flash, region);
  const status = createStatusJournal(recorder);
  const power = createStages<"off" | "boot" | "on">("off");
  const wifi = createStages<{ joined: string | undefined; dead: boolean }>({ joined: undefined, dead: false });
  const boots = createColumn();
  const led = { changesMs: createColumn(), lit: createColumn((length) => new Uint8Array(length)) };

  const now = world.nowMs;
  const pinOf = (pin: number) => getOr(pins, pin, createPinJournal);

  function tell(entry: TimelineEntry | undefined): void {
    if (entry !== undefined) told.push(entry);
  }

  const listener: LedgerListener = {
    booted(session) {
      for (const pin of pins.values()) pin.booted(Math.floor(session / SESSIONS_A_BOOT));
    },
    fixed(fix) {
      for (const pin of pins.values()) pin.fixed(Math.floor(fix.session / SESSIONS_A_BOOT), now());
      tell(fixEntry(now(), fix));
    },
    attempted: (attempt) => pinOf(attempt.pin).attempted(attempt, now()),
    sent: (pin, to, counts) => pinOf(pin).sent(to, counts, now()),
    failed: (pin, keeps) => pinOf(pin).failed(keeps, now()),
    dropped: (pin, reason, to, count) => pinOf(pin).dropped(reason, to, count, now()),
    pageTaken: (pin, sequence, samplesBefore) => pinOf(pin).pageTaken(sequence, samplesBefore),
  };
  const readAlong = createLedgerReader(listener);
  flash.onChanged = (change) => {
    flashJournal.note(change, now());
    const at = change.address - region.address;
    if (change.kind !== "program" || at < 0 || at >= region.bytes) return;
    readAlong(at, flash.bytesAt(region.address).subarray(at, at + change.bytes));
  };
  standIn.onTaken = (pin, taken) => {
    const number = pinNumber(pin);
    const known = getOr(held, number, () => new Set<number>());
    const list = getOr(points, number, createPoints);
    for (const { ts, value } of taken) {
      if (known.has(ts)) continue;
      known.add(ts);
      list.ts.push(ts);
      list.values.push(Number(value));
      list.atMs.push(now());
    }
  };

  function followPower(): void {
    const stage = !board.powered() ? "off" : board.boot() === undefined ? "boot" : "on";
    if (stage === stageNow) return;
    if (stageNow === "off") tell({ atMs: now(), what: "power", on: true, why: "power on" });
    if (stage === "off") setLed(false);
    stageNow = stage;
    power.note(now(), stage);
    while (boots.length < board.boots) boots.push(now());
  }

  function followWifi(): void {
    const { ssid, dead } = network.link();
    if (linkNow.ssid === ssid && linkNow.dead === dead) return;
    if (linkNow.ssid !== ssid) tell({ atMs: now(), what: "wifi", joined: ssid });
    linkNow = { ssid, dead };
    wifi.note(now(), { joined: ssid, dead });
  }

  function followPin(record: PinRecord): void {
    const journal = pins.get(record.pin) ?? pinOf(record.pin);
    const { samples, failedMs } = journal;
    // Most events are no reading.
    if (samples.trueMs.length === record.trueMs.length && failedMs.length === record.failed) return;
    journal.follow(record, now());
  }

  function setLed(lit: boolean): void {
    const { length } = led.lit;
    if ((length > 0 && led.lit.at(length - 1) === 1) === lit) return;
    led.changesMs.push(now());
    led.lit.push(lit ? 1 : 0);
    if (length < LED_CHANGES_MAX) return;
    led.changesMs.drop(LED_CHANGES_MAX / 2);
    led.lit.drop(LED_CHANGES_MAX / 2);
  }

  return {
    flash: flashJournal,
    pins,
    points,
    status,
    timeline,
    violations,
    lines,
    linesFrom: () => dropped,
    power,
    wifi,
    boots,
    led,
    follow() {
      followPower();
      followWifi();
      for (const record of recorder.pins.values()) followPin(record);
      for (; exchangesSeen < network.exchanges.length; exchangesSeen++) {
        tell(requestEntry(network.exchanges[exchangesSeen]));
      }
      while (moments.length > 0 && moments[0].atMs <= now()) tell(moments.shift());
      const found = standIn.violations;
      for (let i = violations.length; i < found.length; i++) {
        violations.push({ atMs: now(), text: `${found[i].kind}: ${found[i].details}` });
      }
      timeline.push(...told.splice(0).sort((a, b) => a.atMs - b.atMs));
    },
    looked(found) {
      status.note(found, now(), world.trueMs(), (pin) => held.get(pin)?.size ?? 0);
    },
    printed(text, atMs) {
      lines.push({ atMs, text });
      if (lines.length > LINES_MAX) dropped += lines.splice(0, LINES_MAX / 4).length;
      tell(powerEntry(atMs, text) ?? verdictEntry(atMs, text));
    },
    level(pin, level) {
      const found = unit.found()?.led;
      if (found?.pin === `D${pin}`) setLed((level === 1) !== found.activeLow);
    },
    scriptChanged() {
      moments = scriptedMoments(script).filter((moment) => moment.atMs > now());
    },
  };
}

function createPoints(): ServerPoints {
  return { ts: createColumn(), values: createColumn(), atMs: createColumn() };
}

function getOr<T>(map: Map<number, T>, key: number, make: () => T): T {
  let found = map.get(key);
  if (found === undefined) {
    found = make();
    map.set(key, found);
  }
  return found;
}

function createStages<T>(first: T): Stages<T> {
  const stages: { atMs: number; value: T }[] = [];
  return {
    note: (atMs, value) => void stages.push({ atMs, value }),
    at(atMs) {
      const count = countAt(stages, atMs);
      return count === 0 ? first : stages[count - 1].value;
    },
  };
}
