import { z } from "zod";
import { FieldError } from "../terminal/field-error.ts";

/**
 * `backfill.json` as firmware/settings.ts reads it, checked here with more words. Every message stands for itself and
 * never quotes what was entered: it could be a secret.
 */
const LIMIT = { networks: 8, timeServers: 8, fileBytes: 4096 };

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;
const utf8Bytes = (text: string) => Buffer.byteLength(text);
const text = (what: string) => z.string({ error: `${what} has to be text in quotes` });
const plain = (what: string) =>
  text(what).refine((value) => !CONTROL.test(value), `${what} contains a line end or another control character`);

const ssid = plain("the network's name (ssid)")
  .refine((value) => value !== "", "the network's name (ssid) is empty")
  .refine((value) => value === value.trim(), "the network's name (ssid) begins or ends with a blank")
  .refine((value) => utf8Bytes(value) <= 32, "the network's name (ssid) has more than 32 bytes");

const wifiPassword = plain("the Wi-Fi password")
  .refine((value) => value === "" || utf8Bytes(value) >= 8, "the Wi-Fi password has fewer than 8 characters")
  .refine((value) => utf8Bytes(value) <= 64, "the Wi-Fi password has more than 63 characters")
  .refine(
    (value) => utf8Bytes(value) !== 64 || /^[0-9a-fA-F]{64}$/.test(value),
    "a Wi-Fi password of 64 characters has to be a key in hexadecimal digits",
  );

const unknownKeys = (where: string, known: string) => (issue: { code?: string; keys?: string[] }) => {
  if (issue.code === "unrecognized_keys") return `${where} knows no “${issue.keys?.join("”, “")}”; it has ${known}`;
  return `${where} has to be an object: { ${known} }`;
};

const network = z.strictObject(
  { ssid, password: wifiPassword.default("") },
  { error: unknownKeys("a network", "ssid, password") },
);

const token = plain("the token")
  .refine((value) => value === value.trim(), "the token begins or ends with a blank")
  .refine((value) => !/^https?:/.test(value), "the token is a web address; it is the Auth Token of Blynk's device info")
  .refine((value) => /^[A-Za-z0-9_-]*$/.test(value), "the token has characters that no Blynk token has")
  .refine((value) => value.length >= 16, "the token is too short; Blynk's have 32 characters")
  .refine((value) => value.length <= 128, "the token is too long; Blynk's have 32 characters");

const server = plain("the server").superRefine((value, context) => {
  const complain = (message: string) => context.addIssue({ code: "custom", message });
  if (!/^https?:\/\//.test(value))
    return complain("the server has to begin with https:// (or http:// in your own network)");
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return complain("the server is no web address");
  }
  if (url.username !== "" || url.password !== "") return complain("the server must not carry a user name or password");
  if ((url.pathname !== "/" && url.pathname !== "") || url.search !== "" || url.hash !== "") {
    return complain("the server is given without a path: https://blynk.cloud");
  }
  if (!/^https?:\/\/[A-Za-z0-9.-]+(:\d+)?\/?$/.test(value))
    complain("the server's name has characters that no server's has");
});

const timeServer = plain("a time server")
  .refine((value) => value.length > 0 && value.length <= 253, "a time server's name is empty or too long")
  .refine((value) => !value.includes("/"), "a time server is a name or an address, not a web address")
  .refine((value) => /^[A-Za-z0-9.-]*$/.test(value), "a time server's name has characters that no host's has");

const consolePassword = plain("the console password")
  .refine((value) => value.length >= 8, "the console password has fewer than 8 characters")
  // src/jsinteractive.c of 2v29: no more characters than this are taken into the line of a locked console.
  .refine((value) => value.length <= 20, "the console password has more than the 20 characters that Espruino takes")
  .refine((value) => /^[\x20-\x7e]*$/.test(value), "the console password has letters outside ASCII");

const shape = {
  token,
  networks: z
    .array(network, { error: "networks has to be a list: [{ ssid, password }]" })
    .max(LIMIT.networks, `there are more than ${LIMIT.networks} networks`)
    .refine((list) => new Set(list.map((one) => one.ssid)).size === list.length, "a network is named twice"),
  server: server.transform((value) => value.replace(/\/$/, "")),
  timeServers: z
    .array(timeServer, { error: "timeServers has to be a list of names" })
    .min(1, "timeServers is empty; leave it out to use those of the device file")
    .max(LIMIT.timeServers, `there are more than ${LIMIT.timeServers} time servers`),
  consolePassword,
};

const KNOWN = Object.keys(shape).join(", ");

/** What somebody entered: any part of it. */
const partialSchema = z.strictObject(shape, { error: unknownKeys("a unit", KNOWN) }).partial();

export type UnitSettings = z.output<typeof partialSchema>;

/** Settings complete enough to send: without a token or a network a unit only logs. */
export type CompleteSettings = UnitSettings & Required<Pick<UnitSettings, "token" | "networks">>;

/** Checks what was entered. Throws a `FieldError` with every complaint, none of which quotes a value. */
export function checkSettings(entered: unknown, where = "The settings"): UnitSettings {
  const result = partialSchema.safeParse(entered);
  if (result.success) return result.data;
  const complaints = result.error.issues.map((issue) => placeOf(issue.path) + issue.message);
  throw new FieldError(`${where}: ${[...new Set(complaints)].join("; ")}.`, "Nothing was written to the device.");
}

function placeOf(path: PropertyKey[]): string {
  const numbered = path.filter((part) => typeof part === "number").map((part) => Number(part) + 1);
  if (path[0] === "networks" && numbered.length > 0) return `network ${numbered[0]}: `;
  if (path[0] === "timeServers" && numbered.length > 0) return `time server ${numbered[0]}: `;
  return "";
}

/** The same for one answer to a question: its complaint, or undefined. */
export const checkAnswer = {
  token: (answer: string) => complaintOf(token, answer),
  ssid: (answer: string) => complaintOf(ssid, answer),
  wifiPassword: (answer: string) => complaintOf(wifiPassword, answer),
  server: (answer: string) => complaintOf(server, answer),
};

function complaintOf(schema: z.ZodType, answer: string): string | undefined {
  const result = schema.safeParse(answer);
  return result.success ? undefined : result.error.issues[0].message;
}

/** Throws a `FieldError` when a unit with these settings could not send. */
export function requireComplete(settings: UnitSettings): CompleteSettings {
  const missing = [
    settings.token === undefined ? "the token (--token, or BACKFILL_TOKEN in the environment)" : "",
    (settings.networks ?? []).length === 0 ? "a Wi-Fi network (--ssid and --wifi-password, or the environment)" : "",
  ].filter((part) => part !== "");
  if (missing.length > 0)
    throw new FieldError(`Missing: ${missing.join(" and ")}.`, "Nothing was written to the device.");
  const complete = settings as CompleteSettings;
  if (Buffer.byteLength(JSON.stringify(complete)) > LIMIT.fileBytes) {
    throw new FieldError(`The settings have more than ${LIMIT.fileBytes} bytes.`, "Nothing was written to the device.");
  }
  return complete;
}

export interface Unit {
  /** Its name in the file, for people. */
  unit: string;
  /** The port it is on, where the file says so. */
  port?: string;
  settings: UnitSettings;
}

/**
 * A batch: one unit's object, a list of them, or { common: {…}, units: […] } where each unit overrides what is common.
 * A unit has the members of backfill.json and, beside them, `unit` (its name) and `port`.
 */
export function readBatch(json: string, file: string): Unit[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    // The engine's own message quotes the text around the fault, and with it a password.
    const position = /position (\d+)/.exec((error as Error).message);
    const before = position === null ? json : json.slice(0, Number(position[1]));
    const line = before.split("\n").length;
    throw new FieldError(`${file} is not JSON: look at line ${line}.`, "Nothing was written to any device.");
  }
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  let common: Record<string, unknown> = {};
  let list: unknown = parsed;
  if (isObject(parsed) && "units" in parsed) {
    const { units, common: shared = {}, ...rest } = parsed;
    if (Object.keys(rest).length > 0 || !isObject(shared)) {
      throw new FieldError(`${file} has to be { "common": {…}, "units": […] }.`, "Nothing was written to any device.");
    }
    common = shared;
    list = units;
  } else if (isObject(parsed)) list = [parsed];
  if (!Array.isArray(list) || list.length === 0) {
    throw new FieldError(`${file} names no unit.`, 'It has to be a list of units, or { "common": {…}, "units": […] }.');
  }
  const units = list.map((entry, i): Unit => {
    if (!isObject(entry))
      throw new FieldError(`${file}: unit ${i + 1} is not an object.`, "Nothing was written to any device.");
    const { unit = `unit ${i + 1}`, port, ...own } = entry;
    if (typeof unit !== "string" || (port !== undefined && typeof port !== "string")) {
      throw new FieldError(
        `${file}: unit ${i + 1}: “unit” and “port” have to be text.`,
        "Nothing was written to any device.",
      );
    }
    return { unit, port, settings: checkSettings({ ...common, ...own }, `${file}, ${unit}`) };
  });
  refuseTwins(units, file);
  return units;
}

/** Two units with one token would mix their samples in one device of Blynk's. */
function refuseTwins(units: Unit[], file: string): void {
  const names = new Set<string>();
  const tokens = new Map<string, string>();
  for (const { unit, settings } of units) {
    if (names.has(unit)) throw new FieldError(`${file}: ${unit} is there twice.`, "Nothing was written to any device.");
    names.add(unit);
    if (settings.token === undefined) continue;
    const twin = tokens.get(settings.token);
    if (twin !== undefined) {
      throw new FieldError(
        `${file}: ${twin} and ${unit} have the same token.`,
        "Each unit needs a device of its own in Blynk.",
      );
    }
    tokens.set(settings.token, unit);
  }
}
