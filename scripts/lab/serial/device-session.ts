/** A real device at the cable: what scripts/monitor.ts, export.ts and provision.ts do, by the same code, for the page. */
import type { DeviceStatus } from "../../../firmware/status-types.ts";
import { copyFromDevice, findOnDevice } from "../../console/stored-data/device-data.ts";
import { writeSamples } from "../../console/stored-data/sample-export.ts";
import { mountCopy, type StoredData } from "../../console/stored-data/stored-samples.ts";
import { FieldError } from "../../console/terminal/field-error.ts";
import { createSecrets, type Secrets } from "../../console/terminal/secrets.ts";
import type { DeviceTerminal } from "../../console/transport/choose-port.ts";
import type { DeviceConsole } from "../../console/transport/device-console.ts";
import { type BoardInfo, readBoardInfo } from "../../console/unit/board-info.ts";
import { createDeviceFlash } from "../../console/unit/device-flash.ts";
import { readStatus } from "../../console/unit/device-status.ts";
import { restartFirmware } from "../../console/unit/restart.ts";
import { describeSettings, settingsToStore } from "../../console/unit/settings-to-store.ts";
import { writeStoredSettings } from "../../console/unit/stored-settings.ts";
import { tellTime } from "../../console/unit/tell-time.ts";
import { checkSettings, keepSecrets } from "../../console/unit/unit-settings.ts";
import { openWebConsole, type WebSerialPort } from "./web-serial.ts";

export interface DeviceSession {
  readonly version: string;
  readonly board: string;
  /** Undefined when no firmware runs. */
  status(): Promise<DeviceStatus | undefined>;
  boardInfo(): Promise<BoardInfo>;
  syncNow(): Promise<void>;
  /** Copies what the flash holds. */
  readData(board: BoardInfo, onProgress: (share: number) => void): Promise<StoredData>;
  /** What provision.ts writes, and then a restart. `entered`: see unit-settings.ts; it is kept nowhere. Says what is stored. */
  provision(entered: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Each line that the device prints, without secrets. */
  onLine(line: string): void;
  /** A remark of the tools' own code. */
  onRemark(text: string): void;
  /** The cable is gone. */
  onClose(): void;
  password: string | undefined;
  answerMs?: number;
}

/** Opens a port and waits for the Espruino on it. Throws a `FieldError`. */
export async function openSession(port: WebSerialPort, options: SessionOptions): Promise<DeviceSession> {
  const secrets = createSecrets();
  secrets.keep(options.password);
  const connect = () =>
    openWebConsole(port, {
      password: options.password,
      answerMs: options.answerMs,
      onWaiting: () => options.onRemark("Waiting for the device: it may be busy connecting to Wi-Fi …"),
    });
  const terminal = pageTerminal(secrets, options.onRemark);
  let device = await connect();
  /** A board with USB of its own leaves the cable while it restarts. */
  let isRestarting = false;
  listen();

  function listen(): void {
    device.onLine((line) => line !== "" && options.onLine(secrets.mask(line)));
    device.onClose(() => !isRestarting && options.onClose());
  }

  async function restart(): Promise<string> {
    if ((await readStatus(device)) === undefined)
      return "No firmware runs on this device yet: put it there with `npm run flash`.";
    isRestarting = true;
    let version = "";
    try {
      const restarted = await restartFirmware(device, { reconnect: connect });
      version = restarted.version;
      if (restarted.device !== device) {
        device = restarted.device;
        listen();
      }
    } catch (error) {
      options.onClose();
      throw error;
    } finally {
      isRestarting = false;
    }
    await tellTime(device, terminal);
    return `The firmware ${version} has started with them.`;
  }

  return {
    version: device.version,
    board: device.board,
    status: () => readStatus(device),
    boardInfo: () => readBoardInfo(device, createDeviceFlash(device)),
    async syncNow() {
      const isStarted = await device.evaluate('typeof backfill=="undefined"?0:(backfill.sync(),1)');
      if (isStarted !== 1)
        throw new FieldError("No firmware runs on this device.", "Put it there with `npm run flash`.");
    },
    readData: (board, onProgress) => readData(device, board, onProgress),
    async provision(entered) {
      const settings = checkSettings(entered);
      keepSecrets(secrets, settings);
      const unit = { unit: "this unit", settings };
      const stored = await settingsToStore(device, { unit, family: [] }, terminal);
      await writeStoredSettings(device, stored);
      return `Stored: ${secrets.mask(describeSettings(stored))}. ${await restart()}`;
    },
    close: () => device.close(),
  };
}

async function readData(
  device: DeviceConsole,
  board: BoardInfo,
  onProgress: (share: number) => void,
): Promise<StoredData> {
  const region = await findOnDevice(device, board, undefined);
  if (region === undefined) {
    throw new FieldError(
      "There is no data of this firmware on the device.",
      "If its device file names a region by address, use `npm run export -- --region 0xADDRESS:0xBYTES`.",
    );
  }
  const pages = region.bytes / region.pageBytes;
  return mountCopy(await copyFromDevice(device, region, { update: (n) => onProgress(n / pages), done: () => {} }));
}

/** As `npm run export`: CSV with a line for each sample that is still in flash. */
export function exportCsv(data: StoredData, names: Map<string, string>): string {
  const lines: string[] = [];
  writeSamples(data, { format: "csv", names, pendingOnly: false }, (line) => lines.push(line));
  return `${lines.join("\n")}\n`;
}

/** What the tools' code needs of a terminal: nobody is asked, remarks go to the page. */
function pageTerminal(secrets: Secrets, onRemark: (text: string) => void): DeviceTerminal {
  const say = (text: string) => onRemark(secrets.mask(text));
  const plain = new Proxy({}, { get: () => (text: string) => text }) as DeviceTerminal["colors"];
  const nobody = () => Promise.reject(new FieldError("The page asks no questions.", "Fill in the form."));
  return {
    secrets,
    env: {},
    interactive: false,
    colors: plain,
    columns: 100,
    print: say,
    remark: say,
    progress: () => ({ update: () => {}, done: () => {} }),
    ask: { text: nobody, password: nobody, confirm: nobody, select: nobody },
  };
}
