// A namespace of the small form, member by member: the lab's page takes only what is used.
import * as z from "zod/mini";
import { FieldError } from "../terminal/field-error.ts";
import type { Secrets } from "../terminal/secrets.ts";

/*
 * The settings in `backfill.json`: what firmware/settings.ts reads, checked here with longer messages. A message never
 * quotes the value that was entered: it could be a secret.
 */

const LIMIT = { networks: 8, timeServers: 8, fileBytes: 4096 };

// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern looks for them
const CONTROL = /[\x00-\x1f\x7f]/;
const utf8Bytes = (text: string) => Buffer.byteLength(text);
const text = (what: string) => z.string({ error: `${what} has to be text in quotes` });
const plain = (what: string) =>
  text(what).check(must((value) => !CONTROL.test(value), `${what} contains a line end or another control character`));

/** A condition of a text, and the complaint where it does not hold. */
function must(holds: (value: string) => boolean, complaint: string) {
  return z.refine<string>(holds, complaint);
}

const ssid = plain("the network's name (ssid)").check(
  must((value) => value !== "", "the network's name (ssid) is empty"),
  must((value) => value === value.trim(), "the network's name (ssid) begins or ends with a space"),
  must((value) => utf8Bytes(value) <= 32, "the network's name (ssid) has more than 32 bytes"),
);

const wifiPassword = plain("the Wi-Fi password").check(
  must((value) => value === "" || utf8Bytes(value) >= 8, "the Wi-Fi password has fewer than 8 characters"),
  must((value) => utf8Bytes(value) <= 64, "the Wi-Fi password has more than 63 characters"),
  must(
    (value) => utf8Bytes(value) !== 64 || /^[0-9a-fA-F]{64}$/.test(value),
    "a Wi-Fi password of 64 characters has to be a key in hexadecimal digits",
  ),
);

const unknownKeys = (where: string, known: string) => (issue: { code?: string; keys?: string[] }) => {
  if (issue.code === "unrecognized_keys")
    return `${where} has no member “${issue.keys?.join("”, “")}”; its members are ${known}`;
  return `${where} has to be an object: { ${known} }`;
};

const network = z.strictObject(
  { ssid, password: z._default(wifiPassword, "") },
  { error: unknownKeys("a network", "ssid, password") },
);

const token = plain("the token").check(
  must((value) => value === value.trim(), "the token begins or ends with a space"),
  must((value) => !/^https?:/.test(value), "the token is a web address; use the Auth Token from Device info in Blynk"),
  must((value) => /^[A-Za-z0-9_-]*$/.test(value), "the token has characters that no Blynk token has"),
  must((value) => value.length >= 16, "the token is too short; a Blynk token has 32 characters"),
  must((value) => value.length <= 128, "the token is too long; a Blynk token has 32 characters"),
);

const server = plain("the server").check((context) => {
  const complaint = complaintAboutServer(context.value);
  if (complaint !== undefined) context.issues.push({ code: "custom", message: complaint, input: context.value });
});

function complaintAboutServer(value: string): string | undefined {
  if (!/^https?:\/\//.test(value)) return "the server has to begin with https:// (or http:// in your own network)";
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return "the server is not a web address";
  }
  if (url.username !== "" || url.password !== "") return "the server must not carry a user name or password";
  if ((url.pathname !== "/" && url.pathname !== "") || url.search !== "" || url.hash !== "") {
    return "give the server without a path: https://blynk.cloud";
  }
  if (/^https?:\/\/[A-Za-z0-9.-]+(:\d+)?\/?$/.test(value)) return undefined;
  return "the server's name has characters that are not allowed in a host name";
}

const timeServer = plain("a time server").check(
  must((value) => value.length > 0 && value.length <= 253, "a time server's name is empty or too long"),
  must((value) => !value.includes("/"), "a time server is a name or an address, not a web address"),
  must(
    (value) => /^[A-Za-z0-9.-]*$/.test(value),
    "a time server's name has characters that are not allowed in a host name",
  ),
);

const consolePassword = plain("the console password").check(
  must((value) => value.length >= 8, "the console password has fewer than 8 characters"),
  // src/jsinteractive.c of 2v29: a locked console takes no more characters into its line.
  must((value) => value.length <= 20, "the console password has more than the 20 characters that Espruino takes"),
  must((value) => /^[\x20-\x7e]*$/.test(value), "the console password has letters outside ASCII"),
);

const shape = {
  token,
  networks: z.array(network, { error: "networks has to be a list: [{ ssid, password }]" }).check(
    z.maxLength(LIMIT.networks, `there are more than ${LIMIT.networks} networks`),
    z.refine((list) => new Set(list.map((one) => one.ssid)).size === list.length, "a network is named twice"),
  ),
  server: z.pipe(
    server,
    z.transform((value: string) => value.replace(/\/$/, "")),
  ),
  timeServers: z
    .array(timeServer, { error: "timeServers has to be a list of names" })
    .check(
      z.minLength(1, "timeServers is empty; leave it out to use those of the device file"),
      z.maxLength(LIMIT.timeServers, `there are more than ${LIMIT.timeServers} time servers`),
    ),
  consolePassword,
};

const KNOWN = Object.keys(shape).join(", ");

/** What somebody entered: any part of the settings. */
const partialSchema = z.partial(z.strictObject(shape, { error: unknownKeys("a unit", KNOWN) }));

export type UnitSettings = z.output<typeof partialSchema>;

/** Settings with which a unit can send. Without a token or a network it only logs. */
export type CompleteSettings = UnitSettings & Required<Pick<UnitSettings, "token" | "networks">>;

/** Checks what was entered. Throws a `FieldError` with all complaints, none of which quotes a value. */
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

/** Checks one answer to a question. Gives the complaint, or undefined when the answer is good. */
export const checkAnswer = {
  token: (answer: string) => complaintOf(token, answer),
  ssid: (answer: string) => complaintOf(ssid, answer),
  wifiPassword: (answer: string) => complaintOf(wifiPassword, answer),
  server: (answer: string) => complaintOf(server, answer),
};

function complaintOf(schema: z.ZodMiniType, answer: string): string | undefined {
  const result = schema.safeParse(answer);
  return result.success ? undefined : result.error.issues[0].message;
}

/** Keeps all secrets in the settings from being shown. */
export function keepSecrets(secrets: Secrets, settings: UnitSettings): void {
  secrets.keep(settings.token);
  secrets.keep(settings.consolePassword);
  for (const network of settings.networks ?? []) secrets.keep(network.password);
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
