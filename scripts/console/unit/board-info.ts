import { LIMITS } from "../../../firmware/limits.ts";
import { type Partition, provenRegion, readPartitions } from "../../../firmware/platform/partitions.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import { crc32, type DeviceImage } from "../stored-data/flash-image.ts";
import { FieldError } from "../terminal/field-error.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { readStats, type StorageStats } from "./program-store.ts";

/** What a board says about itself. */
export interface BoardInfo {
  version: string;
  board: string;
  modules: string[];
  /** JsVars. `free` is what the running program leaves. */
  memory: { free: number; total: number };
  storage: StorageStats;
  partitions: Partition[] | string;
}

export type WantedRegion = string | { address: number; bytes: number };

const TABLE_ADDRESS = 0x8000;
const TABLE_BYTES = 0xc00;
/** JsVars of the firmware after weeks of syncs, and of each datastream (firmware/platform/HARDWARE.md). */
const JSVARS_IDLE = 3020;
const JSVARS_A_DATASTREAM = 184;

/** Asks the board. The partition table is copied into `image`. */
export async function readBoardInfo(device: DeviceConsole, image: DeviceImage): Promise<BoardInfo> {
  const env = (await device.evaluate("process.env")) as { MODULES?: string };
  const memory = (await device.evaluate("process.memory()")) as { free: number; total: number };
  const storage = await readStats(device);
  let partitions: Partition[] | string = [];
  if (isEsp32(device.board)) {
    await image.fetch(TABLE_ADDRESS, TABLE_BYTES);
    partitions = readPartitions(image);
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

/** Proves the region on a device as the firmware will, so that what can't work is said before anything is uploaded. */
export async function findRegion(
  device: DeviceConsole,
  image: DeviceImage,
  board: BoardInfo,
  wanted: WantedRegion,
): Promise<FlashRegion | string> {
  const named = Array.isArray(board.partitions) ? board.partitions.find((part) => part.label === wanted) : undefined;
  const stretch = named ?? (typeof wanted === "string" ? undefined : wanted);
  const pages = new Map<number, number>();
  const addresses = [TABLE_ADDRESS];
  if (stretch !== undefined) addresses.push(stretch.address, stretch.address + stretch.bytes - 1);
  for (const address of addresses) {
    const length = await device.evaluate(`(require("Flash").getPage(${address})||{length:0}).length`);
    pages.set(address, Number(length));
  }
  if (!isEsp32(board.board)) pages.set(TABLE_ADDRESS, 0);
  const ota = Array.isArray(board.partitions)
    ? board.partitions.find((part) => part.type === 1 && part.subtype === 0)
    : undefined;
  if (isEsp32(board.board)) await image.fetch(TABLE_ADDRESS, TABLE_BYTES);
  if (ota !== undefined) await image.fetch(ota.address, ota.bytes);
  return provenRegion(image, crc32, (address) => pages.get(address) ?? 0, wanted);
}

export interface Needs {
  https: boolean;
  region: WantedRegion;
  datastreams: number;
}

/** Throws a `FieldError` for whatever makes this board unfit; returns remarks that are no obstacle. */
export function checkBoard(board: BoardInfo, needs: Needs): string[] {
  const remarks: string[] = [];
  if (!isEsp32(board.board) && typeof needs.region === "string") {
    throw new FieldError(
      `This is a ${board.board}, not an ESP32.`,
      "The firmware runs on ESP32 boards. For another board the device file has to give the region as { address, bytes }.",
    );
  }
  for (const module of ["Flash", "Storage", "http", "dgram"]) {
    if (!board.modules.includes(module)) {
      throw new FieldError(
        `This Espruino was built without ${module}.`,
        "Put a standard ESP32 build of Espruino on the board: see “The Espruino runtime” in the README.",
      );
    }
  }
  if (needs.https && !board.modules.includes("tls")) {
    throw new FieldError(
      "The device file's server is https, and this Espruino was built without TLS.",
      "Use a build that has it (ESP32, ESP32C3 and ESP32S3 have, ESP32_IDF4 has not: see the README), or, for a server in your own network, http with allowPlainHttp.",
    );
  }
  const jsVars = JSVARS_IDLE + JSVARS_A_DATASTREAM * needs.datastreams + LIMITS.deliveryMemoryFreeMin;
  if (board.memory.total < jsVars) {
    throw new FieldError(
      `This build has ${board.memory.total} variables (JsVars); the firmware needs ${jsVars} with ${needs.datastreams} datastreams.`,
      "Switch Bluetooth off for good, once, at the console: ESP32.enableBLE(false). It restarts the board and gives some 1,800 more; samples stay. If it is off, the unit can't have so many datastreams.",
    );
  }
  if (typeof board.partitions === "string") {
    throw new FieldError(
      `The chip's ${board.partitions}.`,
      "Put the Espruino runtime on the board again, with its partition table: see the README.",
    );
  }
  return remarks;
}
