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
  /** JsVars. `free` is what the running program leaves. */
  memory: { free: number; total: number };
  storage: StorageStats;
  /** [] on a board without a partition table; words when the table is damaged. */
  partitions: Partition[] | string;
}

/** Where ESP-IDF keeps the partition table (firmware/platform/partitions.ts). */
export const TABLE_ADDRESS = 0x8000;
export const TABLE_BYTES = 0xc00;

/** Asks the board. Its partition table is copied into `flash`. */
export async function readBoardInfo(device: DeviceConsole, flash: DeviceFlash): Promise<BoardInfo> {
  const env = (await device.evaluate("process.env")) as { MODULES?: string };
  const memory = (await device.evaluate("process.memory()")) as { free: number; total: number };
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
    memory: { free: memory.free, total: memory.total },
    storage,
    partitions,
  };
}

export function isEsp32(board: string): boolean {
  return /^ESP32/.test(board);
}

/** The board's partitions; [] also when their table is damaged. */
export function partitionsOf(board: BoardInfo): Partition[] {
  return Array.isArray(board.partitions) ? board.partitions : [];
}
