/** What a request can come to, and what follows from it: the one place that judges. */
import { VERDICT, type Verdict } from "../verdict.ts";

/**
 * What became of a request. Only an answer in Blynk's own form says anything about points, limits, pin or token (blynk.ts).
 *
 * Blynk answered:
 * - "sent": it accepted the points. The answer itself proves that it is Blynk's, or an earlier one of this delivery did.
 * - "stop": it refused the request for a reason that concerns every request.
 * - "pin": it has no such datastream.
 * - "smaller": it wants fewer points. Anybody's 413 says so too: that request came no further.
 * - "refused": it refused the request for what is in it.
 * - "moved": this unit belongs to another region of Blynk's, and the next request goes there.
 *
 * Somebody else answered, such as a captive portal or a proxy:
 * - "foreign": the body had left whole, so that they may have passed it on.
 * - "foreignCut": the body had not left whole, so nobody can have accepted it.
 * - "busy": 5xx, 408 or 429 to a whole body. Blynk may have accepted it, whoever answered.
 * - "handshake": the TLS handshake failed, so nothing of the request left.
 *
 * Nobody answered:
 * - "unknown": the body left whole, and Blynk may have accepted it. An answer that broke off, or that is not HTTP, is none.
 * - "cut": the body was not sent to its end, so nobody can have accepted it. Also a 5xx, 408 or 429 before its end.
 * - "unreached": no connection came about, or it ended before anything was sent.
 *
 * Nothing is charged, and no attempt is recorded, for "handshake" and "unreached". Points are charged only where the body left
 * whole: an answer before that, whatever it says, takes them back (drain.ts).
 */
export type Outcome =
  | "sent"
  | "stop"
  | "pin"
  | "smaller"
  | "refused"
  | "moved"
  | "foreign"
  | "foreignCut"
  | "busy"
  | "handshake"
  | "unknown"
  | "cut"
  | "unreached";

/** An outcome and what follows from it. */
export interface Judgement {
  outcome: Outcome;
  /** Who gave a complete answer. Where it was not Blynk, the datastream gives way to the others. */
  answered: "Blynk" | "somebody" | "nobody";
  /**
   * What the ledger does with the attempt. "done": settles it. "keep": keeps it, so that the same bytes are sent again.
   * "as before": keeps it if it was a replay already, as an earlier try may have been accepted. "rest": likewise, but after a
   * growing rest, and only a few times (pace.ts). "none": there is none, nothing was recorded.
   */
  attempt: "done" | "keep" | "as before" | "rest" | "none";
  /**
   * Points of the next batches, of all datastreams. "own": a separate limit falls, the datastream's or the server's
   * (pace.ts). "new": what was learned belongs to another server.
   */
  size: "grow" | "halve" | "least" | "own" | "new";
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
  type Row = [Judgement["answered"], Judgement["attempt"], Judgement["size"], Judgement["next"], Verdict];
  // biome-ignore format: a table
  const rows: { [outcome in Outcome]: Row } = {
    //          answered,   attempt,     size,    next,    verdict
    sent:       ["Blynk",    "done",      "grow",  "go on", VERDICT.allSent],
    stop:       ["Blynk",    "as before", "least", "stop",  VERDICT.serverSaysNo],
    pin:        ["Blynk",    "rest",      "own",   "go on", VERDICT.pinOrPointsRefused],
    smaller:    ["Blynk",    "rest",      "own",   "go on", VERDICT.pinOrPointsRefused],
    refused:    ["Blynk",    "rest",      "own",   "go on", VERDICT.pinOrPointsRefused],
    moved:      ["Blynk",    "as before", "new",   "go on", VERDICT.allSent],
    foreign:    ["somebody", "keep",      "least", "leave", VERDICT.intercepted],
    foreignCut: ["somebody", "as before", "least", "leave", VERDICT.intercepted],
    busy:       ["somebody", "keep",      "least", "retry", VERDICT.serverNotReached],
    handshake:  ["somebody", "none",      "halve", "retry", VERDICT.intercepted],
    unknown:    ["nobody",   "keep",      "halve", "retry", VERDICT.serverNotReached],
    cut:        ["nobody",   "as before", "halve", "retry", VERDICT.serverNotReached],
    unreached:  ["nobody",   "none",      "halve", "retry", VERDICT.serverNotReached],
  };
  const row = rows[outcome];
  return { outcome, answered: row[0], attempt: row[1], size: row[2], next: row[3], verdict: row[4] };
}
