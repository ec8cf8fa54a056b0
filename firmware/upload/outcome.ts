/** What a request can come to, and what follows from it: the one place that judges. */
import { VERDICT, type Verdict } from "../verdict.ts";

/**
 * What became of a request:
 * - "sent": the server accepted it.
 * - "unknown": it left whole, and the server may have accepted it.
 * - "cut": the body was not sent to its end, so nobody can have accepted it.
 * - "unreached": no connection came about, so nothing left.
 * - "portal": somebody else answered: a captive portal, or a proxy that may have passed the request on.
 * - "stop": the server refused it for a reason that concerns every request.
 * - "pin": the server has no such datastream.
 * - "smaller": the server wants fewer points.
 * - "refused": the server refused it for what is in it.
 */
export type Outcome = "sent" | "unknown" | "cut" | "unreached" | "portal" | "stop" | "pin" | "smaller" | "refused";

/** An outcome and what follows from it. */
export interface Judgement {
  outcome: Outcome;
  /** The server itself answered. Where it did not, the datastream gives way to the others. */
  answered: boolean;
  /**
   * What the ledger does with the attempt. "done": settles it. "keep": keeps it, so that the same bytes are sent again.
   * "as before": keeps it if it was a replay already, as an earlier try may have been accepted. "rest": likewise, but after a
   * growing rest, and only a few times (pace.ts). "none": there is none, nothing was recorded.
   */
  attempt: "done" | "keep" | "as before" | "rest" | "none";
  /**
   * Points of the next batches, of all datastreams. "own": a separate limit falls, the datastream's or the server's
   * (pace.ts).
   */
  size: "grow" | "halve" | "least" | "own";
  /** How the delivery goes on: at once, after a backoff, not in this delivery, or not before a person has acted. */
  next: "go on" | "retry" | "leave" | "stop";
  /**
   * What the delivery ends with, here or, after "go on", once nothing is left to send. "smaller" counts only when a single
   * point was too much.
   */
  verdict: Verdict;
}

/** The table is made anew at each call, once a request: kept, it would take some hundred JsVars. */
export function judge(outcome: Outcome): Judgement {
  // biome-ignore format: a table
  const rows: { [outcome in Outcome]: [boolean, Judgement["attempt"], Judgement["size"], Judgement["next"], Verdict] } = {
    //    answered, attempt,    size,    next,    verdict
    sent:      [true,  "done",      "grow",  "go on", VERDICT.allSent],
    unknown:   [false, "keep",      "halve", "retry", VERDICT.serverNotReached],
    cut:       [false, "as before", "halve", "retry", VERDICT.serverNotReached],
    unreached: [false, "none",      "halve", "retry", VERDICT.serverNotReached],
    portal:    [false, "keep",      "least", "leave", VERDICT.serverNotReached],
    stop:      [true,  "as before", "least", "stop",  VERDICT.serverSaysNo],
    pin:       [true,  "rest",      "own",   "go on", VERDICT.pinOrPointsRefused],
    smaller:   [true,  "rest",      "own",   "go on", VERDICT.pinOrPointsRefused],
    refused:   [true,  "rest",      "own",   "go on", VERDICT.pinOrPointsRefused],
  };
  const row = rows[outcome];
  return { outcome, answered: row[0], attempt: row[1], size: row[2], next: row[3], verdict: row[4] };
}
