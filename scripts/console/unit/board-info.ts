import { type Partition, readPartitions } from "../../../firmware/platform/partitions.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import type { DeviceFlash } from "./device-flash.ts";
import { readStats, type StorageStats } from "./program-store.ts";

/** What a board reports about itself. */
export interface BoardInfo {
  /** Of Espruino, as "2v29.277". */
  version: string;
  /** Espruino's name for the board, as "ESP32". */
  board: string;
  /** Built-in modules. */
  modules: string[];
  /** `require("Wifi")` finds something: built in, or put beside the program. */
  hasWifi: boolean;
  /** JsVars. `free` is what the running program leaves. */
  memory: { free: number; total: number };
  /** Beside the JsVars, for radio and TLS; undefined where a board tells nothing of it. */
  heap: Heap | undefined;
  storage: StorageStats;
  /** [] on a board without a partition table; words when the table is damaged. */
  partitions: Partition[] | string;
}

/** Heap of an ESP32, in bytes. */
export interface Heap {
  freeBytes: number;
  /** The longest piece of it; builds tell since 2v30. */
  largestBytes?: number;
  /** Of ESP-IDF, as "v3.3.6". */
  sdkVersion: string;
  /** The radio is joined, and so has its memory already. */
  isJoined: boolean;
}

/** Where ESP-IDF keeps the partition table (firmware/platform/partitions.ts). */
export const TABLE_ADDRESS = 0x8000;
export const TABLE_BYTES = 0xc00;

/** Asks the board. Its partition table is copied into `flash`. */
export async function readBoardInfo(device: DeviceConsole, flash: DeviceFlash): Promise<BoardInfo> {
  const env = (await device.evaluate("process.env")) as { MODULES?: string };
  const memory = (await device.evaluate("process.memory()")) as { free: number; total: number };
  const hasWifi = await device.evaluate(`(function(){try{return !!require("Wifi")}catch(e){return false}})()`);
  const storage = await readStats(device);
  let partitions: Partition[] | string = [];
  if (isEsp32(device.board)) {
    await flash.fetch(TABLE_ADDRESS, TABLE_BYTES);
    partitions = readPartitions(flash);
  }
  return {
    version: device.version,
    board: device.board,
    modules: (env.MODULES ?? "").split(","),
    hasWifi: hasWifi === true,
    memory: { free: memory.free, total: memory.total },
    heap: isEsp32(device.board) ? await readHeap(device) : undefined,
    storage,
    partitions,
  };
}

/** `ESP32.getState()` is everywhere; `process.memory().tx` since 2v30 (src/jswrap_process.c). */
async function readHeap(device: DeviceConsole): Promise<Heap | undefined> {
  const state = (await device.evaluate(`(function(){try{
var s=ESP32.getState(),t=process.memory().tx||{},w=require("Wifi").getStatus();
return {free:s.freeHeap,sdk:s.sdkVersion,largest:t.largest_block,joined:w.station=="connected"};
}catch(e){return null}})()`)) as { free?: number; sdk?: string; largest?: number; joined: boolean } | null;
  if (typeof state?.free !== "number") return undefined;
  return {
    freeBytes: state.free,
    largestBytes: state.largest,
    sdkVersion: `${state.sdk ?? ""}`,
    isJoined: state.joined,
  };
}

export function isEsp32(board: string): boolean {
  return /^ESP32/.test(board);
}

/** Of ESP-IDF in the board's build, 3 to 5; undefined where neither the board's name nor its state tells. */
export function sdkMajor(board: BoardInfo): number | undefined {
  const told = /^v?(\d+)/.exec(board.heap?.sdkVersion ?? "") ?? /_IDF(\d)/.exec(board.board);
  return told === null ? undefined : Number(told[1]);
}

/** The board's partitions; [] also when their table is damaged. */
export function partitionsOf(board: BoardInfo): Partition[] {
  return Array.isArray(board.partitions) ? board.partitions : [];
}
