/**
 * The script of `simulate()` as a JSON file, for `npm run simulate -- --script`. Other programs write such files: a member
 * keeps its name and meaning, and what the simulator does not know is refused, not ignored.
 */
import { readFileSync } from "node:fs";
// A namespace, member by member: the lab's page takes only what is used.
import * as z from "zod/mini";
import { sayFileError } from "../build/file-error.ts";
import { parseIsoTime } from "../build/iso-time.ts";
import { type Duration, durationMs } from "./duration.ts";
import { UsageError } from "./errors.ts";
import { isOrigin } from "./origin.ts";
import type { HttpFaultKind, NtpFaultKind, Script, WifiFaultKind } from "./script.ts";

/** All of a script that is data. */
export type ScriptData = Omit<Script, "onProgress" | "onConsole">;

/** Throws UsageError: what is wrong, where, and what to write. */
export function readScript(file: string): ScriptData {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`--script: can't read ${file}: ${sayFileError(error)}`);
  }
  return parseScript(text, `--script ${file}`);
}

/** A script from its JSON text; `source` stands for it in messages. Throws UsageError as `readScript`. */
export function parseScript(text: string, source: string): ScriptData {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${source}: no JSON: ${(error as Error).message}`);
  }
  const parsed = SCRIPT.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${whereOf(issue.path)}: ${issue.message}`);
  throw new UsageError(`${source}:\n${lines.join("\n")}`);
}

/** `http[0].kind` */
function whereOf(path: PropertyKey[]): string {
  let where = "";
  for (const step of path) where += typeof step === "number" ? `[${step}]` : `${where && "."}${String(step)}`;
  return where || "the script";
}

const shown = (input: unknown): string => (input === undefined ? "nothing" : JSON.stringify(input));

/** A value that passes `test`; `want` says what to write. */
function value<T>(test: (input: unknown) => boolean, want: string) {
  return z.custom<T>(test, { error: ({ input }) => `is ${shown(input)}: write ${want}` });
}

function oneOf<K extends string>(kinds: Record<K, true>) {
  const names = Object.keys(kinds);
  return value<K>((input) => names.includes(input as string), `one of ${names.join(", ")}`);
}

function object<S extends z.core.$ZodShape>(shape: S) {
  return z.strictObject(shape, {
    error(issue) {
      if (issue.code === "unrecognized_keys") {
        const unknown = (issue.keys as string[]).map((key) => `"${key}"`).join(", ");
        return `has no member ${unknown}: write ${Object.keys(shape).join(", ")}`;
      }
      return `is ${shown(issue.input)}: write an object with ${Object.keys(shape).join(", ")}`;
    },
  });
}

function list<T extends z.ZodMiniType>(entry: T) {
  return z.optional(z.array(entry, { error: ({ input }) => `is ${shown(input)}: write a list, […]` }));
}

function isDuration(input: unknown): boolean {
  if (typeof input === "number") return Number.isFinite(input);
  if (typeof input !== "string") return false;
  try {
    durationMs(input);
    return true;
  } catch {
    return false;
  }
}

const isNumber = (input: unknown) => typeof input === "number" && Number.isFinite(input);
const isCount = (input: unknown) => Number.isInteger(input) && (input as number) >= 0;
const isTime = (input: unknown) =>
  isNumber(input) || (typeof input === "string" && Number.isFinite(parseIsoTime(input)));

const duration = value<Duration>(isDuration, 'ms as a number, or text such as "90s", "5m", "12h" or "7d"');
const span = value<Duration>(
  (input) => isDuration(input) && durationMs(input as Duration) >= 0,
  'a time of 0 or more: ms as a number, or text such as "90s", "5m", "12h" or "7d"',
);
const num = value<number>(isNumber, "a number");
const positive = value<number>((input) => isNumber(input) && (input as number) >= 0, "a number of 0 or more");
const count = value<number>(isCount, "a whole number of 0 or more");
const share = value<number>((input) => isNumber(input) && (input as number) >= 0 && (input as number) <= 1, "0 to 1");
const text = value<string>((input) => typeof input === "string", "text in quotes");
const yes = value<boolean>((input) => typeof input === "boolean", "true or false");
const pin = value<string>((input) => /^v\d{1,3}$/.test(String(input)), 'a pin such as "v1"');
const bit = value<number>((input) => isCount(input) && (input as number) < 8, "a bit of the byte, 0 to 7");
const texts = z.record(z.string(), text, { error: ({ input }) => `is ${shown(input)}: write an object of texts` });
const anything = z.record(z.string(), z.unknown(), { error: ({ input }) => `is ${shown(input)}: write an object` });

const during = { from: z.optional(span), to: z.optional(span) };

const HTTP_KINDS: Record<HttpFaultKind, true> = {
  refused: true,
  tls: true,
  status: true,
  empty: true,
  date: true,
  html: true,
  redirect: true,
  blank: true,
  moved: true,
  flood: true,
  garbage: true,
  continue: true,
  short: true,
  reset: true,
  silent: true,
  late: true,
  lost: true,
};
const NTP_KINDS: Record<NtpFaultKind, true> = {
  blocked: true,
  late: true,
  lies: true,
  kiss: true,
  unsynchronized: true,
  zero: true,
  stale: true,
};
const WIFI_KINDS: Record<WifiFaultKind, true> = {
  gone: true,
  "wrong-password": true,
  weak: true,
  "no-internet": true,
  dead: true,
};

const HTTP = object({
  kind: oneOf(HTTP_KINDS),
  ...during,
  share: z.optional(share),
  times: z.optional(count),
  pin: z.optional(pin),
  bodyHas: z.optional(text),
  bodyOver: z.optional(count),
  dateOffset: z.optional(duration),
  host: z.optional(text),
  moveTo: z.optional(text),
  headBytes: z.optional(count),
  status: z.optional(count),
  body: z.optional(text),
  headers: z.optional(texts),
  stored: z.optional(yes),
  delay: z.optional(span),
  afterBytes: z.optional(count),
});
const NTP = object({
  kind: oneOf(NTP_KINDS),
  ...during,
  server: z.optional(count),
  share: z.optional(share),
  delay: z.optional(span),
  offset: z.optional(duration),
  smear: z.optional(duration),
});
const POWER = object({
  at: span,
  kind: oneOf({ cut: true, reset: true }),
  flashBytes: z.optional(count),
  off: z.optional(span),
});
const HARM = z.union(
  [
    object({ at: span, kind: z.literal("flip"), address: count, bit }),
    object({ at: span, kind: z.literal("flip"), page: count, bit: count }),
    object({ at: span, kind: z.literal("blank"), page: count }),
  ],
  {
    error: ({ input }) =>
      `is ${shown(input)}: write { at, kind: "flip", address or page, bit } or { at, kind: "blank", page }`,
  },
);
const SETTING = object({
  at: span,
  kind: z.optional(oneOf({ console: true, underneath: true })),
  offset: z.optional(duration),
  to: z.optional(num),
});
const SERVER = object({
  tokenKnownFrom: z.optional(span),
  pins: list(pin),
  refuseAbovePoints: z.optional(count),
  pointsPerDay: z.optional(count),
  ageMax: z.optional(span),
  url: z.optional(value<string>((input) => isOrigin(String(input)), "an origin such as http://127.0.0.1:8080")),
  token: z.optional(text),
  stallMs: z.optional(positive),
});

const SCRIPT: z.ZodMiniType<ScriptData> = object({
  scenario: z.optional(text),
  seed: z.optional(count),
  start: z.optional(value<number | string>(isTime, "Unix ms, or 2026-01-01T00:00:00Z")),
  offline: z.optional(span),
  until: z.optional(span),
  untilDrained: z.optional(yes),
  atLeast: z.optional(span),
  crystal: z.optional(object({ driftPpm: z.optional(num), swingPpm: z.optional(num) })),
  jitterMs: z.optional(positive),
  latency: z.optional(
    object({
      minMs: z.optional(positive),
      maxMs: z.optional(positive),
      upExtraMs: z.optional(positive),
      asymmetric: z.optional(yes),
    }),
  ),
  cpu: z.optional(
    object({
      slowdown: z.optional(positive),
      flashReadMs: z.optional(positive),
      flashProgramMs: z.optional(positive),
      eraseMs: z.optional(positive),
    }),
  ),
  accessPoints: list(object({ ssid: text, password: text })),
  sameChance: z.optional(yes),
  wifi: list(object({ kind: oneOf(WIFI_KINDS), ...during, ssid: z.optional(text) })),
  dns: list(object(during)),
  ntp: list(NTP),
  http: list(HTTP),
  power: list(POWER),
  devices: list(object({ at: span, file: text })),
  flash: list(HARM),
  setTime: list(SETTING),
  press: list(object({ at: span, hold: z.optional(span) })),
  sensors: list(object({ kind: oneOf({ hang: true, nan: true, throw: true }), ...during, pin: z.optional(pin) })),
  server: z.optional(SERVER),
  settings: z.optional(anything),
});
