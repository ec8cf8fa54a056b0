/** The state of the page's part for real devices, and what can be done there. */
import type { DeviceStatus } from "../../../firmware/status-types.ts";
import type { StoredData } from "../../console/stored-data/stored-samples.ts";
import { FieldError } from "../../console/terminal/field-error.ts";
import type { BoardInfo } from "../../console/unit/board-info.ts";
import type { FlashView } from "../protocol.ts";
import { type DeviceSession, exportCsv, openSession } from "../serial/device-session.ts";
import { ringMap } from "../serial/ring-map.ts";
import { storedStreams } from "../serial/stored-streams.ts";
import type { WebSerial } from "../serial/web-serial.ts";
import { Series, type StreamData } from "./run-data.ts";

export interface DeviceState {
  session: DeviceSession | undefined;
  status: DeviceStatus | undefined;
  board: BoardInfo | undefined;
  data: StoredData | undefined;
  streams: StreamData[];
  map: FlashView | undefined;
  lines: { atMs: number; text: string }[];
  /** What is under way, in words. */
  busy: string | undefined;
  notice: { text: string; isError: boolean } | undefined;
}

const LINES_MAX = 2000;
const STATUS_EVERY_MS = 5000;

export interface DeviceControl {
  readonly state: DeviceState;
  connect(password: string): Promise<void>;
  disconnect(): Promise<void>;
  syncNow(): Promise<void>;
  readFlash(): Promise<void>;
  /** CSV of all that the flash holds. */
  csv(): string;
  provision(entered: Record<string, unknown>): Promise<boolean>;
}

export function createDeviceControl(serial: WebSerial, draw: () => void): DeviceControl {
  const state: DeviceState = emptyState();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function set(change: Partial<DeviceState>): void {
    Object.assign(state, change);
    draw();
  }

  /** One thing at a time on the cable; an error becomes a notice. */
  async function attempt(busy: string, work: () => Promise<void>): Promise<boolean> {
    if (state.busy !== undefined) return false;
    set({ busy, notice: undefined });
    try {
      await work();
      return true;
    } catch (error) {
      set({ notice: { text: wordsOf(error), isError: true } });
      return false;
    } finally {
      set({ busy: undefined });
    }
  }

  function session(): DeviceSession {
    if (state.session === undefined) throw new FieldError("No device is connected.", "Press Connect.");
    return state.session;
  }

  async function follow(): Promise<void> {
    clearTimeout(timer);
    if (state.session !== undefined && state.busy === undefined) {
      try {
        set({ status: await state.session.status() });
      } catch (error) {
        // It blocks while it connects; its log goes on.
        if (state.session !== undefined) set({ notice: { text: wordsOf(error), isError: true } });
      }
    }
    if (state.session !== undefined) timer = setTimeout(() => void follow(), STATUS_EVERY_MS);
  }

  function over(): void {
    clearTimeout(timer);
    set({ session: undefined });
  }

  function say(text: string): void {
    state.lines.push({ atMs: Date.now(), text });
    state.lines.splice(0, Math.max(0, state.lines.length - LINES_MAX));
    draw();
  }

  async function connect(password: string): Promise<void> {
    const port = await serial.requestPort().catch(() => undefined);
    if (port === undefined) throw new FieldError("No port was chosen.", "Press Connect, and choose the board's port.");
    const options = { onLine: say, onRemark: say, onClose: over, password: password === "" ? undefined : password };
    Object.assign(state, emptyState(), { busy: state.busy });
    set({ session: await openSession(port, options) });
    set({ status: await session().status(), board: await session().boardInfo() });
  }

  return {
    state,
    connect: (password) => attempt("Connecting …", () => connect(password)).then(() => follow()),
    disconnect: async () => {
      await state.session?.close();
      over();
    },
    syncNow: () => attempt("Starting a sync …", () => session().syncNow()).then(() => {}),
    readFlash: () =>
      attempt("Reading the flash …", async () => {
        const board = state.board ?? (await session().boardInfo());
        const data = await session().readData(board, (share) =>
          set({ busy: `Reading the flash: ${Math.round(100 * share)} %` }),
        );
        set({ data, board, map: ringMap(data), streams: streamsOf(data, state.status) });
      }).then(() => {}),
    csv: () => (state.data === undefined ? "" : exportCsv(state.data, namesOf(state.status))),
    provision: (entered) =>
      attempt("Storing the settings …", async () => {
        const text = await session().provision(entered);
        set({ notice: { text, isError: false }, status: await session().status() });
      }),
  };
}

function emptyState(): DeviceState {
  return {
    session: undefined,
    status: undefined,
    board: undefined,
    data: undefined,
    streams: [],
    map: undefined,
    lines: [],
    busy: undefined,
    notice: undefined,
  };
}

function wordsOf(error: unknown): string {
  if (error instanceof FieldError) return `${error.message} ${error.advice}`;
  return error instanceof Error ? error.message : String(error);
}

function namesOf(status: DeviceStatus | undefined): Map<string, string> {
  return new Map((status?.streams ?? []).filter((one) => one.name !== "").map(({ pin, name }) => [pin, name]));
}

function streamsOf(data: StoredData, status: DeviceStatus | undefined): StreamData[] {
  const names = namesOf(status);
  return storedStreams(data).map(({ pin, trueMs, values, states }) => {
    const readings = new Series();
    readings.put(0, trueMs, values);
    const gaps = [...trueMs.slice(1, 50)].map((ms, i) => ms - trueMs[i]).sort((a, b) => a - b);
    return {
      pin,
      name: names.get(pin) ?? "",
      decimals: 3,
      intervalMs: gaps[gaps.length >> 1] ?? 60_000,
      readings,
      readingCount: trueMs.length,
      points: new Series(),
      pointCount: 0,
      states,
      counts: [],
      failed: 0,
    };
  });
}
