import type { DeviceStatus } from "../../../firmware/status-types.ts";
import { HEADER_AT, HEADER_BYTES, headerKind, WORDS_AT } from "../../../firmware/storage/format/page.ts";
import { bankPagesOf } from "../../../firmware/storage/geometry.ts";
import { counted } from "../../build/counted.ts";
import { candidateRegions, type DataRegion } from "../stored-data/data-region.ts";
import { findOnDevice, readHeads } from "../stored-data/device-data.ts";
import { crc32 } from "../stored-data/flash-image.ts";
import { FieldError } from "../terminal/field-error.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { type BoardInfo, partitionsOf } from "../unit/board-info.ts";
import type { WantedRegion } from "../unit/firmware-needs.ts";
import type { Finding } from "./finding.ts";

/** Samples per byte behind header and seal in a full page: absolute records take some 2 %. */
const SAMPLES_PER_BYTE = 0.97;
const DAY_MS = 86400000;

/** Checks the partition and the region, and how many days the ring holds at the rate of the datastreams found in it. */
export async function checkRing(
  device: DeviceConsole,
  board: BoardInfo,
  status: DeviceStatus | undefined,
  places: (WantedRegion | undefined)[] = [undefined],
): Promise<Finding[]> {
  const name = "partition";
  if (typeof board.partitions === "string") {
    const advice = "Put the Espruino runtime on the board again, with its partition table.";
    return [{ name, verdict: "fail", found: board.partitions, advice }];
  }
  const region = await findFirst(device, board, places);
  if (region instanceof Error) {
    const advice = region instanceof FieldError ? region.advice : "Choose the region with --region.";
    return [{ name, verdict: "fail", found: region.message, advice }];
  }
  if (region === undefined) return [judgeAbsence(board, status, places)];
  const place = `${region.label}, ${region.bytes / 1024} kB at 0x${region.address.toString(16)}`;
  const heads = (await readHeads(device, region)).slice(2 * bankPagesOf(region.pageBytes));
  return [{ name, verdict: "ok", found: place }, judgeRing(heads, region, status)];
}

/** The first of these places with data. An error of the last is the answer when none has any. */
async function findFirst(device: DeviceConsole, board: BoardInfo, places: (WantedRegion | undefined)[]) {
  let outcome: DataRegion | Error | undefined;
  for (const place of places) {
    const found = await findOnDevice(device, board, place).catch((error: Error) => error);
    if (found !== undefined && !(found instanceof Error)) return found;
    outcome ??= found;
  }
  return outcome;
}

/** No data was found in `places`. Says where was looked: a region by its address is in no partition table. */
function judgeAbsence(
  board: BoardInfo,
  status: DeviceStatus | undefined,
  places: (WantedRegion | undefined)[],
): Finding {
  const labels = candidateRegions(partitionsOf(board)).map(({ label }) => label);
  for (const place of places) {
    const label = typeof place === "object" ? `0x${place.address.toString(16)}` : place;
    if (label !== undefined && !labels.includes(label)) labels.push(label);
  }
  const found = `no data of the firmware in ${labels.join(", ")}`;
  const sampled = (status?.streams ?? []).reduce((sum, stream) => sum + stream.sampled, 0);
  const advice =
    sampled > 0
      ? `The unit has taken ${counted(sampled, "sample")}, so its region is elsewhere: give the unit's device file with --device, or its region with --region.`
      : "The firmware writes there with the first samples. If the unit's device file names another region, give the file with --device.";
  return { name: "partition", verdict: "warn", found, advice };
}

/** `heads` are the first bytes of all ring pages. */
function judgeRing(heads: Uint8Array[], region: DataRegion, status: DeviceStatus | undefined): Finding {
  const name = "ring";
  const intervals = new Map<number, number>();
  let foreign = 0;
  let used = 0;
  for (const head of heads) {
    const kind = headerKind(crc32, head.slice(0, HEADER_BYTES));
    if (kind === "foreign") foreign++;
    if (kind !== "ours") continue;
    used++;
    const intervalMs = new DataView(head.buffer, head.byteOffset).getUint32(HEADER_AT.intervalMs, true);
    // Pages of one pin may have several intervals after the device file changed; the shortest gives the fewest days.
    const pin = head[HEADER_AT.pin];
    intervals.set(pin, Math.min(intervalMs, intervals.get(pin) ?? Number.POSITIVE_INFINITY));
  }
  const perDay = [...intervals.values()].reduce((sum, intervalMs) => sum + DAY_MS / intervalMs, 0);
  // One page is always free, and the open page of each datastream is half full on average.
  const pages = Math.max(0, heads.length - 1 - intervals.size / 2);
  const days = perDay > 0 ? (pages * (region.pageBytes - WORDS_AT) * SAMPLES_PER_BYTE) / perDay : 0;
  const usedPages = status === undefined ? used : status.ring.usedPages;
  const found = `${usedPages} of ${heads.length} pages in use${days > 0 ? `; holds some ${days.toFixed(days < 10 ? 1 : 0)} days at this rate` : ""}`;
  if (foreign === 0) return { name, verdict: "ok", found };
  const advice = "Export them with the commands of the version that wrote them.";
  return { name, verdict: "warn", found: `${found}; ${counted(foreign, "page")} of another format version`, advice };
}
