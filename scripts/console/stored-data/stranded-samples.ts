import type { WantedRegion } from "../unit/firmware-needs.ts";
import type { DataRegion } from "./data-region.ts";
import { pendingOf, type StoredData } from "./stored-samples.ts";

/** The part of a new device file that decides whether it still sends the pending samples. */
export interface NextDevice {
  datastreams: { pin: string; decimals: number }[];
  region: WantedRegion;
}

/** Pending samples of one datastream. */
export interface StrandedSamples {
  pin: string;
  pending: number;
  reason: "region" | "removed" | "decimals";
}

/** Pending samples that a device with the new device file would not send. */
export function findStranded(data: StoredData, old: DataRegion, next: NextDevice): StrandedSamples[] {
  const same = typeof next.region === "string" ? next.region === old.label : next.region.address === old.address;
  const stranded: StrandedSamples[] = [];
  for (const { pin, pending, decimals } of pendingOf(data)) {
    const stream = next.datastreams.find((one) => one.pin === `v${pin}`);
    if (!same) stranded.push({ pin: `v${pin}`, pending, reason: "region" });
    else if (stream === undefined) stranded.push({ pin: `v${pin}`, pending, reason: "removed" });
    else if (stream.decimals !== decimals) stranded.push({ pin: `v${pin}`, pending, reason: "decimals" });
  }
  return stranded;
}

const WORDS = {
  region: "are in a region that the device file no longer names",
  removed: "belong to a datastream that the device file no longer has",
  decimals: "have another number of decimals",
};

/** For example "20 of v3 have another number of decimals". */
export function describeStranded(one: StrandedSamples): string {
  return `${one.pending} of ${one.pin} ${WORDS[one.reason]}`;
}
