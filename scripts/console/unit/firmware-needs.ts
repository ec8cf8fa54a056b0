import { crc32 } from "node:zlib";
import { LIMITS } from "../../../firmware/limits.ts";
import { provenRegion } from "../../../firmware/platform/partitions.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import { counted } from "../../build/counted.ts";
import { chipOfBoard } from "../../build/pins/chips.ts";
import { FieldError } from "../terminal/field-error.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { type BoardInfo, isEsp32, partitionsOf, sdkMajor, TABLE_ADDRESS, TABLE_BYTES } from "./board-info.ts";
import type { DeviceFlash } from "./device-flash.ts";
import { defectsOf } from "./known-defects.ts";
import { HTTPS_WAYS_OUT, tlsShortage } from "./tls-heap.ts";

/** A partition's label, or a stretch of flash by its address. */
export type WantedRegion = string | { address: number; bytes: number };

/** What a device file needs of a board. */
export interface FirmwareNeeds {
  https: boolean;
  region: WantedRegion;
  datastreams: number;
  /** The chip that the device file's pins were checked for. */
  chip: string;
}

/** JsVars of the firmware after weeks of syncs without a datastream, and of each datastream (firmware/platform/HARDWARE.md). */
const JSVARS_IDLE = 1765;
const JSVARS_PER_DATASTREAM = 210;
const MODULES = ["Flash", "Storage", "http", "dgram"];

/** Throws a `FieldError` for the first need that the board does not meet. */
export function requireFit(board: BoardInfo, needs: FirmwareNeeds): void {
  if (!isEsp32(board.board) && typeof needs.region === "string") {
    throw new FieldError(
      `This is a ${board.board}, not an ESP32.`,
      "The firmware runs on ESP32 boards. For another board, give the region in the device file as { address, bytes }.",
    );
  }
  requireChip(board, needs);
  for (const module of MODULES) {
    if (board.modules.includes(module)) continue;
    throw new FieldError(
      `The Espruino on this board was built without ${module}.`,
      "Put a standard ESP32 build of Espruino on the board: see “The Espruino runtime” in docs/flashing.md.",
    );
  }
  if (!board.hasWifi) {
    throw new FieldError(
      "The Espruino on this board has no Wifi module.",
      "The firmware can't send without it. Put a standard ESP32 build of Espruino on the board: see “The Espruino runtime” in docs/flashing.md.",
    );
  }
  const broken = defectsOf(board).find(({ verdict }) => verdict === "fail");
  if (broken !== undefined) {
    throw new FieldError(`Espruino ${board.version} on this board: ${broken.found}.`, broken.advice ?? "");
  }
  if (needs.https) requireTls(board);
  requirePool(board, needs);
  if (typeof board.partitions === "string") {
    throw new FieldError(
      `The chip's ${board.partitions}.`,
      "Put the Espruino runtime on the board again, with its partition table: see “The Espruino runtime” in docs/flashing.md.",
    );
  }
}

/** The pins of the device file were checked for one chip. */
function requireChip(board: BoardInfo, needs: FirmwareNeeds): void {
  const chip = chipOfBoard(board.board);
  if (chip === undefined || chip === needs.chip) return;
  throw new FieldError(
    `This is an ${chip} (${board.board}), and the device file's pins are those of an ${needs.chip}.`,
    `Write board: "${chip}" into the device file, and let \`npm run build\` check its pins.`,
  );
}

function requireTls(board: BoardInfo): void {
  if (!board.modules.includes("tls")) {
    throw new FieldError(
      "The unit's server is https, but the Espruino on this board was built without TLS.",
      "ESP32, ESP32C3 and ESP32S3 are built with it, ESP32_IDF4 has not (“https and boards” in docs/flashing.md). For a server in your own network, http with allowPlainHttp works too.",
    );
  }
  const shortage = board.heap === undefined ? "" : tlsShortage(board.heap);
  if (shortage !== "") {
    throw new FieldError(`The unit's server is https, which does not fit this board: ${shortage}.`, HTTPS_WAYS_OUT);
  }
}

/** JsVars of a pool in which the firmware delivers from so many datastreams, after weeks too. */
export function poolNeeded(datastreams: number): number {
  return JSVARS_IDLE + JSVARS_PER_DATASTREAM * datastreams + LIMITS.deliveryMemoryFreeMin;
}

function requirePool(board: BoardInfo, needs: FirmwareNeeds): void {
  const jsVars = poolNeeded(needs.datastreams);
  if (board.memory.total < jsVars) {
    throw new FieldError(
      `This build has ${board.memory.total} variables (JsVars); the firmware needs ${jsVars} with ${counted(needs.datastreams, "datastream")}.`,
      // Not on other builds: with ESP-IDF 4 it ends in a restart loop (Espruino issue #2551).
      sdkMajor(board) === 3
        ? "Run ESP32.enableBLE(false) once in the Espruino Web IDE. It turns Bluetooth off permanently, restarts the board and frees about 2,000 JsVars; the samples stay. If Bluetooth is off already, the device file has too many datastreams for this board."
        : "Take datastreams out of the device file. If it has few, this build has too small a pool: the distributed ESP32 build (ESP-IDF 3) has some 5,880 with Bluetooth off (HARDWARE.md, “Builds”).",
    );
  }
}

/**
 * Proves the region on a device by the firmware's own rules, so that an unusable region is reported before anything is
 * uploaded. Throws a `FieldError` with the reason.
 */
export async function proveRegion(
  device: DeviceConsole,
  flash: DeviceFlash,
  board: BoardInfo,
  wanted: WantedRegion,
): Promise<FlashRegion> {
  const partitions = partitionsOf(board);
  const named = partitions.find((part) => part.label === wanted);
  const stretch = named ?? (typeof wanted === "string" ? undefined : wanted);
  const pages = new Map<number, number>();
  const addresses = [TABLE_ADDRESS];
  if (stretch !== undefined) addresses.push(stretch.address, stretch.address + stretch.bytes - 1);
  for (const address of addresses) {
    const length = await device.evaluate(`(require("Flash").getPage(${address})||{length:0}).length`);
    pages.set(address, Number(length));
  }
  if (!isEsp32(board.board)) pages.set(TABLE_ADDRESS, 0);
  if (isEsp32(board.board)) await flash.fetch(TABLE_ADDRESS, TABLE_BYTES);
  const otaData = partitions.find((part) => part.type === 1 && part.subtype === 0);
  if (otaData !== undefined) await flash.fetch(otaData.address, otaData.bytes);
  const region = provenRegion(flash, crc32, (address) => pages.get(address) ?? 0, wanted);
  if (typeof region !== "string") return region;
  throw new FieldError(
    `The device file's ${region}.`,
    "Choose another region in the device file. Every Espruino build for ESP32 has the partition “flash”.",
  );
}
