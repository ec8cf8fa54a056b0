/** Breaches of Blynk's contract, as the stand-in records them. */
import type { StandInRequest } from "./request.ts";

export type ViolationKind =
  | "method" // neither a POST to the batch path nor a documented read
  | "query" // parameters other than exactly one token and one pin
  | "content-type"
  | "content-length" // absent, wrong, or a chunked body
  | "body-size"
  | "pin-format"
  | "json" // not JSON, or not [[ts,value],…]
  | "empty-batch"
  | "value-type" // numbers only
  | "timestamp-type" // not a plain integer of ms
  | "batch-points"
  | "day-points"
  | "age"
  | "future"
  | "order" // not strictly increasing within the request
  | "overlap" // begins before the end of an earlier, different body of this pin
  | "value-changed" // a timestamp seen before, now with another value
  | "not-replayed" // a batch of unknown fate was abandoned while all its points were young enough
  | "request-rate"
  | "messages-month";

export interface Violation {
  kind: ViolationKind;
  atMs: number;
  /** Index of the device's token; -1 when the token is unknown. */
  device: number;
  pin: string;
  /** A sentence for people. It never holds a token. */
  details: string;
}

/** More would only fill memory; the count goes on. */
const VIOLATIONS_KEPT = 1000;

/** The first violations in full, and the number of all. No client can make a token appear in them. */
export class ViolationLog {
  readonly kept: Violation[] = [];
  count = 0;
  /** Private, so that no inspection of the stand-in shows them. */
  readonly #tokens: string[];

  /** `tokens` may grow later. */
  constructor(tokens: string[]) {
    this.#tokens = tokens;
  }

  /** Records a breach. `pin` is a known pin, or "". */
  add(kind: ViolationKind, request: StandInRequest, device: number, pin: string, details: string): void {
    this.count++;
    if (this.kept.length >= VIOLATIONS_KEPT) return;
    // A client with a wrong query can put its token anywhere: the token is cut out of everything that is quoted.
    let clean = details;
    for (const token of this.#tokens) if (token !== "") clean = clean.replaceAll(token, "…");
    this.kept.push({ kind, atMs: request.arrivedMs, device, pin, details: clean });
  }
}
