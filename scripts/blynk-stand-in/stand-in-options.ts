/** What a test sets up the stand-in with: its devices, its limits, its faults. */
import type { StandInResponse } from "./answer.ts";
import type { StandInLimits } from "./blynk-limits.ts";
import type { WirePoint } from "./body.ts";
import type { StandInRequest } from "./request.ts";

/** What happens to points past a limit, which the documentation leaves open. Each is a violation in any case. */
export type PastLimit = "store" | "drop" | "refuse";

/** An injected failure: the answer in place of the stand-in's, and whether the points were stored before it. */
export interface Fault {
  stores: boolean;
  /** False: the answer does not reach the client. */
  answered?: boolean;
  answer: StandInResponse;
}

export interface StandInOptions {
  /** One token for each device. A request with another token is answered `Invalid token.`, which is not a violation. */
  tokens: string[];
  /**
   * The datastreams of the template, ["v1", …]. Default: all of v0…v255. A pin outside is answered `Wrong pin format.`,
   * which is not a violation.
   */
  pins?: string[];
  limits?: Partial<StandInLimits>;
  /** For points past the daily limit, past the age limit, in the future. Default "drop": answered OK, the points are lost. */
  past?: { day?: PastLimit; age?: PastLimit; future?: PastLimit };
  /** A plan smaller than documented: a larger batch is refused with `Too much data in batch…`. That is not a violation. */
  refuseAbovePoints?: number;
  /** Called for every upload after it is judged. `points` is undefined when the body is not a batch. */
  fault?: (request: StandInRequest, pin: string, points: WirePoint[] | undefined) => Fault | undefined;
  /** A client may give up an open batch once a point of it comes this near to the age limit. Default 2 h, in ms. */
  replayMarginMs?: number;
}
