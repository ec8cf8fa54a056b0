import type { WantedRegion } from "../unit/board-info.ts";
import type { DataRegion } from "./data-region.ts";
import { pendingOf, type StoredData } from "./stored-samples.ts";

/** What the new device file is to the samples that wait. */
export interface NextDevice {
  datastreams: { pin: string; decimals: number }[];
  region: WantedRegion;
}

export interface StrandedSamples {
  pin: string;
  pending: number;
  why: "region" | "removed" | "decimals";
}

/** Samples that wait and that the new device file does not account for. */
export function findStranded(data: StoredData, old: DataRegion, next: NextDevice): StrandedSamples[] {
  const same = typeof next.region === "string" ? next.region === old.label : next.region.address === old.address;
  const stranded: StrandedSamples[] = [];
  for (const { pin, pending, decimals } of pendingOf(data)) {
    const stream = next.datastreams.find((one) => one.pin === `v${pin}`);
    if (!same) stranded.push({ pin: `v${pin}`, pending, why: "region" });
    else if (stream === undefined) stranded.push({ pin: `v${pin}`, pending, why: "removed" });
    else if (stream.decimals !== decimals) stranded.push({ pin: `v${pin}`, pending, why: "decimals" });
  }
  return stranded;
}

const WORDS = {
  region: "lie in the region that is no longer used",
  removed: "are of a datastream that is no longer there",
  decimals: "have other decimals",
};

export function describeStranded(one: StrandedSamples): string {
  return `${one.pending} of ${one.pin} ${WORDS[one.why]}`;
}
