import { HEADER_BYTES, headerKind, WORDS_AT } from "../../../firmware/storage/format/page.ts";
import { bankPagesOf } from "../../../firmware/storage/geometry.ts";
import type { Board } from "../doctor/board.ts";
import type { Check } from "../doctor/finding.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import type { DeviceStatus } from "../transport/greeting.ts";
import { findOnDevice, readHeads } from "./data-region.ts";
import { crc32 } from "./region-copy.ts";

/** Code words of a full page of 4,096 bytes, nearly: header and seal take 72 bytes, absolute records some 2 %. */
const SAMPLES_PER_BYTE = 0.97;
const DAY_MS = 86400000;
const PIN_AT = 4;
const INTERVAL_AT = 28;

/** Partition and region, and how many days they hold at the rate of the datastreams found in them. */
export async function checkRing(
  device: DeviceConsole,
  board: Board,
  status: DeviceStatus | undefined,
  wanted?: string | { address: number; bytes: number },
): Promise<Check[]> {
  if (typeof board.partitions === "string") {
    const advice = "Put the Espruino runtime on the board again, with its partition table.";
    return [{ name: "partition", verdict: "fail", found: board.partitions, advice }];
  }
  const region = await findOnDevice(device, board, wanted).catch((error: Error) => error);
  if (region instanceof Error)
    return [{ name: "partition", verdict: "fail", found: region.message, advice: "Say which with --region." }];
  if (region === undefined) {
    return [
      {
        name: "partition",
        verdict: "warn",
        found: "no data of the firmware yet",
        advice: "It comes with the first samples.",
      },
    ];
  }
  const place = `${region.label}, ${region.bytes / 1024} kB at 0x${region.address.toString(16)}`;
  const checks: Check[] = [{ name: "partition", verdict: "ok", found: place }];
  const heads = (await readHeads(device, region)).slice(2 * bankPagesOf(region.pageBytes));
  const intervals = new Map<number, number>();
  let foreign = 0;
  let used = 0;
  for (const head of heads) {
    const kind = headerKind(crc32, head.slice(0, HEADER_BYTES));
    if (kind === "foreign") foreign++;
    if (kind !== "ours") continue;
    used++;
    const intervalMs = new DataView(head.buffer, head.byteOffset).getUint32(INTERVAL_AT, true);
    // Pages of one pin may differ after the device file changed; the shortest interval is the careful guess.
    intervals.set(head[PIN_AT], Math.min(intervalMs, intervals.get(head[PIN_AT]) ?? Number.POSITIVE_INFINITY));
  }
  const perDay = [...intervals.values()].reduce((sum, intervalMs) => sum + DAY_MS / intervalMs, 0);
  // One page is always free, and each datastream's open page is half full on average.
  const pages = Math.max(0, heads.length - 1 - intervals.size / 2);
  const days = perDay > 0 ? (pages * (region.pageBytes - WORDS_AT) * SAMPLES_PER_BYTE) / perDay : 0;
  const fill = status === undefined ? used : status.ring.usedPages;
  const found = `${fill} of ${heads.length} pages in use${days > 0 ? `; holds some ${days.toFixed(days < 10 ? 1 : 0)} days at this rate` : ""}`;
  if (foreign > 0) {
    const advice = "Export it with the commands of the version that wrote it.";
    checks.push({ name: "ring", verdict: "warn", found: `${found}; ${foreign} pages of another format`, advice });
  } else checks.push({ name: "ring", verdict: "ok", found });
  return checks;
}
