/**
 * What the page and its worker say to each other: types only. The page asks, `{ id, ask, ... }`, and every question gets one
 * answer with the same `id`; in between, the worker tells how far a long replay is. The page decides how often it looks: it asks
 * for the next `view` when it has drawn the last, so that a slow page never falls behind.
 *
 * Times called `atMs` are simulated ms since the run's first power-on, with fractions. `startMs` + `atMs` is Unix time.
 * Answers with large typed arrays transfer them.
 */
import { COUNTERS } from "../../firmware/storage/ledger/counters.ts";
import type { Counters } from "../../firmware/storage/ledger/ledger.ts";
import type { ScriptData } from "../simulator/script-file.ts";
import type { Report } from "../simulator/simulation-report.ts";

/** Of two runs beside each other. */
export type RunId = "a" | "b";

// ------------------------------------------------------------------------------------------------ what is run

/** What a link holds: the same source gives the same run, byte for byte. */
export interface RunSource {
  device: LabDevice;
  /** With `seed` in it. What was clicked stands in it, too. */
  script: ScriptData;
}

export type LabDevice =
  /** The device file that the page was built with. */
  | { kind: "file" }
  /** A scenario's own device; with some scenarios it depends on the seed. */
  | { kind: "scenario"; name: string }
  /** A CSV file; `streams` as `--streams`: temperature=v1:1,co2=v2:0. Default: every column, two decimals, once a minute. */
  | { kind: "recording"; fileName: string; csv: string; streams?: string; everyMs?: number };

export interface ScenarioInfo {
  name: string;
  /** One line. */
  about: string;
  /** Why the page can't run it; absent if it can. */
  unable?: string;
}

// ------------------------------------------------------------------------------------------------ questions and answers

/** What the page asks. `Answers` says what comes back. */
export type Question =
  /** The first question: what this page can run. */
  | { ask: "hello" }
  /** A scenario's device and script with this seed. */
  | { ask: "scenario"; name: string; seed: number }
  /** Checks a script that somebody wrote, as JSON text. An error says what is wrong and where, a line for each mistake. */
  | { ask: "parse"; json: string }
  /** What a link holds; `hash` is without "#". */
  | { ask: "read-link"; hash: string }
  /** Begins a run, and goes to `toMs` (default 0) at full speed; then it stands still. Takes the place of a run of this name. */
  | { ask: "open"; run: RunId; source: RunSource; toMs?: number }
  | { ask: "close"; run: RunId }
  /** Lets time pass: this many simulated ms for each real ms; 1 is real time, Infinity as fast as it goes. */
  | { ask: "play"; run: RunId; speed: number }
  | { ask: "pause"; run: RunId }
  /** Goes on until the next thing that happens (of the timeline, or the next sample), then stands still. */
  | { ask: "step"; run: RunId; to: "event" | "sample" }
  /** Goes to a moment that lies ahead, at full speed; then stands still. */
  | { ask: "run-to"; run: RunId; atMs: number }
  /**
   * Makes a past moment the present: what came after it is forgotten. Replays from the seed, byte for byte the same, and stands
   * still. Entries of the script that begin after it stay.
   */
  | { ask: "rewind"; run: RunId; atMs: number }
  /** Another run with the same source, at the same moment. `act` on it makes it differ. */
  | { ask: "branch"; from: RunId; to: RunId; atMs: number }
  /**
   * Somebody does something to the unit or its world, now: it becomes part of the script. Where that can't be done to the run as
   * it stands (its faults are over, so it is looked at in another rhythm), it is replayed first.
   */
  | { ask: "act"; run: RunId; action: Action }
  /** What all views show at a moment; default: now. */
  | { ask: "view"; run: RunId; atMs?: number; have: Have }
  /** Everything that the run can be taken home as. Where the run has not ended, the report is that of a run `until` now. */
  | { ask: "keep"; run: RunId };

export type Asked = Question & { id: number };

/** By the question's `ask`. */
export interface Answers {
  hello: Hello;
  scenario: RunSource;
  parse: ScriptData;
  "read-link": RunSource;
  open: RunInfo;
  close: null;
  play: null;
  pause: null;
  step: null;
  "run-to": null;
  rewind: RunInfo;
  branch: RunInfo;
  act: Acted;
  view: View;
  keep: Keepsake;
}

/** What comes from the worker. */
export type Told =
  | { id: number; answer: Answers[keyof Answers] }
  /** A sentence for a person: what is wrong, where, what to do. */
  | { id: number; error: string }
  /** A replay or a run to a moment is under way. */
  | { tell: "progress"; run: RunId; atMs: number; toMs: number };

export interface Hello {
  scenarios: ScenarioInfo[];
  /** Of the device file that the page was built with: `device.name`, and the file as seen from the repository's root. */
  device: { name: string; file: string };
  version: string;
}

export interface RunInfo {
  run: RunId;
  source: RunSource;
  startMs: number;
  /** The moment at which it stands. */
  nowMs: number;
  region: { label: string; address: number; pageBytes: number; pages: number; ledgerPages: number };
  streams: StreamInfo[];
  /** For the address bar, without "#". Undefined when the recording is too long for a link. */
  hash: string | undefined;
}

export interface StreamInfo {
  /** "v1" */
  pin: string;
  name: string;
  decimals: number;
  intervalMs: number;
}

// ------------------------------------------------------------------------------------------------ actions

/**
 * What somebody does by a click. An action that begins something stands in the script with `from` now and no end; `end` gives the
 * entry its end. `list` and `index` say which entry of the script.
 */
export type Action =
  | { do: "begin"; list: "wifi" | "dns" | "ntp" | "http" | "sensors"; entry: Record<string, unknown> }
  | { do: "end"; list: "wifi" | "dns" | "ntp" | "http" | "sensors"; index: number }
  /** The script's `offline` ends now: the access point is back. */
  | { do: "end-offline" }
  | { do: "power"; kind: "cut" | "reset"; offMs?: number }
  /** The power goes inside the next flash operation that comes. */
  | { do: "cut-in-flash"; offMs?: number }
  | { do: "press"; holdMs?: number }
  | { do: "set-time"; kind: "console" | "underneath"; offsetMs: number }
  | { do: "flip"; page: number; bit: number }
  | { do: "blank"; page: number };

export interface Acted {
  /** As it stands now, for the script's text and the address bar. */
  source: RunSource;
  hash: string | undefined;
  /** When it takes effect: a little after now. */
  atMs: number;
}

// ------------------------------------------------------------------------------------------------ views

/** How many the page has of each list that only grows. A `rewind` or `open` begins anew: then all are 0. */
export interface Have {
  /** By pin: "v1". */
  readings: Record<string, number>;
  points: Record<string, number>;
  timeline: number;
  lines: number;
}

/** All that can be seen at a moment. Lists that only grow come from where `Have` ends to how far the run has come. */
export interface View {
  run: RunId;
  /** The moment that is shown. */
  atMs: number;
  /** How far the run has come. */
  nowMs: number;
  playing: boolean;
  /** Simulated ms for each real ms in the last second; 0 while it stands still. */
  pace: number;
  /** Set once the run has come to its end: everything delivered, or time up. */
  ended?: "drained" | "until";
  /** The firmware did what hardware can't: the run is void. A bug; please report it with the link. */
  broken?: string;
  power: "on" | "off" | "boot";
  boots: number;
  wifi: { joined: string | undefined; dead: boolean };
  led: Led;
  streams: StreamView[];
  totals: Totals;
  /** What the firmware said of itself when it was asked last; undefined before the first time. */
  status: StatusView | undefined;
  flash: FlashView;
  memory: MemoryView;
  timeline: TimelineEntry[];
  /** The console, as it came. The first that the worker still has is number `linesFrom` of all. */
  lines: { atMs: number; text: string }[];
  linesFrom: number;
  /** How many timeline entries and lines lie at or before the moment. */
  timelineCount: number;
  lineCount: number;
}

/** What became of a sample. The ones after "delivered" were dropped: `DroppedCounts` in firmware/status-types.ts. */
export type SampleState = "pending" | "sending" | "undated" | keyof Counters;
export const SAMPLE_STATES: readonly SampleState[] = ["pending", "sending", "undated", ...COUNTERS];

export interface StreamView {
  pin: string;
  /**
   * What was measured and kept, in the order of its time, from `Have` on: true Unix ms, and the value. `count` of all lie at or
   * before the moment.
   */
  readings: { from: number; trueMs: Float64Array; values: Float64Array; count: number };
  /**
   * The state of the samples at the moment, as runs: from sample number, to before sample number, index in SAMPLE_STATES; three
   * numbers a run. Samples are numbered as `readings` are.
   */
  states: Uint32Array;
  /** Samples of each state, by its place in SAMPLE_STATES. */
  counts: number[];
  /** Slots whose reading failed. Those that were missed stand in `status`. */
  failed: number;
  /** What the server holds, in the order in which it came: Unix ms, and the value. `count` lie before the moment. */
  points: { from: number; ts: Float64Array; values: Float64Array; count: number };
}

export interface Totals {
  sampled: number;
  delivered: number;
  /** Pending, sending and undated. */
  waiting: number;
  dropped: number;
  /**
   * Samples that were on flash by the simulator's record and that the firmware's counters no longer know, and points that it
   * counts as delivered and the server does not hold; as it was at the last look (`status.atMs`). The promise is 0.
   */
  lost: number;
  /** Breaches of the server's rules until the moment. */
  violations: string[];
}

export interface StatusView {
  /** When it was asked. */
  atMs: number;
  verdict: number;
  verdictText: string;
  time: { trueMs: number; boundMs: number; errorMs: number } | undefined;
  /** What is left of the rolling day's allowance. */
  quota: { pointsLeft: number; requestsLeft: number; pointsMax: number; plan: string } | undefined;
  backlogClearsMs: number | undefined;
  missed: Record<string, number>;
  faults: string[];
  /** The firmware's counters add up, and agree with the simulator's record. */
  balanced: boolean;
}

/** The LED: lit now, and how it went in the 10 s before, as the moments of its changes (the last of them ended in `lit`). */
export interface Led {
  lit: boolean;
  changesMs: number[];
}

export type PageState = "blank" | "ledger" | "open" | "sealed" | "delivered" | "spoilt" | "fixes" | "foreign";

export interface FlashView {
  pages: FlashPage[];
  /** Of all bytes of the region: two runs with the same have the same flash, byte for byte. */
  crc32: number;
  /** Programmed in the ring's pages, headers and seals included, for each sample. */
  bytesPerSample: number;
  erases: number;
  programs: number;
}

export interface FlashPage {
  state: PageState;
  /** Of a ring page. */
  pin?: string;
  sequence?: number;
  samples?: number;
  /** Share of its bytes that are programmed, 0 to 1. */
  filled: number;
  /** Erases of it until the moment. */
  wear: number;
}

/**
 * The simulator does not know the JsVars: this is the budget that tests on the real interpreter hold the firmware to, for
 * what the unit does at the moment.
 */
export interface MemoryView {
  phase: "off" | "idle" | "sync";
  jsVarsMax: number;
  jsVarsOf: number;
}

export type TimelineEntry = { atMs: number } & (
  | { what: "power"; on: boolean; why: string }
  | { what: "wifi"; joined: string | undefined }
  /** The clock was set by a time server or the server's date, within this. */
  | { what: "fix"; boundMs: number; by: string }
  /** A request came to the server or what stood in its place. `stored`: it took the points. `answer`: its status, or in words. */
  | { what: "request"; pin: string; points: number; stored: boolean; answer: string; fault: string | undefined }
  /** A sync ended: LED blinks, and in words. */
  | { what: "verdict"; verdict: number; text: string }
  | { what: "press" }
  | { what: "clock" }
  | { what: "flash"; text: string }
);

// ------------------------------------------------------------------------------------------------ to take home

export interface Keepsake {
  /** The same as `npm run simulate -- --json` with this seed, device and script, but for `wallMs`. */
  report: Report;
  /** Why it is not balanced, and what else is broken, a sentence each. */
  problems: string[];
  /** The server's points: `pin,ts,value`. */
  pointsCsv: string;
  /** A Vitest scenario that comes to the same, for host-tests/scenarios or one's own. */
  testText: string;
  /** For `npm run simulate -- --script`. */
  scriptJson: string;
  /** The command that does the same at the desk. */
  command: string;
  hash: string | undefined;
}
