import { counted } from "../../build/counted.ts";
import { FieldError } from "../terminal/field-error.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { checkAnswer, type UnitSettings } from "./unit-settings.ts";

/** The settings among the options of `provision`. */
export interface SettingsOptions {
  ssid?: string[];
  wifiPassword?: string[];
  token?: string;
  server?: string;
  timeServer?: string[];
  setConsolePassword?: string;
}

/** Settings from the options, and from the environment where there is no option. They are not checked yet. */
export function enteredSettings(options: SettingsOptions, env: Terminal["env"]): Record<string, unknown> {
  const entered: Record<string, unknown> = {};
  const ssids = options.ssid ?? (env.BACKFILL_SSID === undefined ? [] : [env.BACKFILL_SSID]);
  const passwords =
    options.wifiPassword ?? (env.BACKFILL_WIFI_PASSWORD === undefined ? [] : [env.BACKFILL_WIFI_PASSWORD]);
  if (ssids.length === 0 && passwords.length > 0) {
    throw new FieldError("There is a Wi-Fi password without a network.", "Name the network with --ssid.");
  }
  if (passwords.length > ssids.length || (passwords.length < ssids.length && passwords.length > 0)) {
    throw new FieldError(
      `There are ${counted(ssids.length, "network")} and ${counted(passwords.length, "password")}.`,
      'Give a --wifi-password for each --ssid, in the same order; "" for an open network.',
    );
  }
  if (ssids.length > 0) entered.networks = ssids.map((ssid, i) => ({ ssid, password: passwords[i] ?? "" }));
  const token = options.token ?? env.BACKFILL_TOKEN;
  const server = options.server ?? env.BACKFILL_SERVER;
  const consolePassword = options.setConsolePassword ?? env.BACKFILL_SET_CONSOLE_PASSWORD;
  if (token !== undefined) entered.token = token;
  if (server !== undefined) entered.server = server;
  if (options.timeServer !== undefined) entered.timeServers = options.timeServer;
  if (consolePassword !== undefined) entered.consolePassword = consolePassword;
  return entered;
}

/** Asks a person for the networks and the token where they are not known yet. */
export async function askForMissing(known: UnitSettings, terminal: Terminal): Promise<UnitSettings> {
  const answers: UnitSettings = {};
  if ((known.networks ?? []).length === 0) {
    const networks: { ssid: string; password: string }[] = [];
    do {
      const ssid = await terminal.ask.text("Name of the Wi-Fi network (ssid)", checkAnswer.ssid);
      const password = await terminal.ask.password(
        "Its password (empty for an open network)",
        checkAnswer.wifiPassword,
      );
      terminal.secrets.keep(password);
      networks.push({ ssid, password });
    } while (await terminal.ask.confirm("Add another network, for places without this one?", false));
    answers.networks = networks;
  }
  if (known.token === undefined) {
    answers.token = await terminal.ask.password("The unit's Blynk token", checkAnswer.token);
    terminal.secrets.keep(answers.token);
  }
  return answers;
}
