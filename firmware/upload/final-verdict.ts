/** The verdict that a delivery shows, which tells of more than its requests. */
import type { Ledger } from "../storage/ledger/ledger.ts";
import { accountPins, countersOf } from "../storage/ledger/reading.ts";
import { VERDICT, type Verdict } from "../verdict.ts";

/** What the sampler knows. */
export interface Ailments {
  /** The last sample of some datastream could not be written. */
  flashFailed(): boolean;
  /** The last reading of some datastream failed. */
  failing(): boolean;
}

/** Samples of all datastreams since the device was new. */
export interface Losses {
  /** Let go for any other reason than their time. */
  lost: number;
  /** Their time can't be told. */
  undatable: number;
}

export function lossesOf(ledger: Ledger): Losses {
  const sum: Losses = { lost: 0, undatable: 0 };
  const pins = accountPins(ledger);
  for (let i = 0; i < pins.length; i++) {
    const counters = countersOf(ledger, pins[i]);
    sum.lost += counters.expired + counters.overwritten + counters.thinned + counters.refused;
    sum.lost += counters.unrepresentable + counters.corrupt;
    sum.undatable += counters.undatable;
  }
  return sum;
}

/**
 * What a person should deal with first. `found`: how the requests ended; `holds`: samples wait for a better time map; `seen`:
 * the losses at the last press of the button.
 */
export function finalVerdict(found: Verdict, ailments: Ailments, holds: boolean, now: Losses, seen: Losses): Verdict {
  "on demand";
  if (found !== VERDICT.allSent) return found;
  if (ailments.flashFailed()) return VERDICT.flashFault;
  if (ailments.failing()) return VERDICT.sensorFailing;
  if (now.lost > seen.lost) return VERDICT.samplesLost;
  if (holds || now.undatable > seen.undatable) return VERDICT.undatedSamples;
  return VERDICT.allSent;
}
