import { expect, it } from "vitest";
import { type Judgement, judge, type Outcome } from "../../../firmware/upload/outcome.ts";
import { VERDICT, type Verdict } from "../../../firmware/verdict.ts";

const { allSent, serverNotReached, serverSaysNo, pinOrPointsRefused, intercepted } = VERDICT;

type Row = [Outcome, Judgement["answered"], Judgement["attempt"], Judgement["size"], Judgement["next"], Verdict];

it.each<Row>([
  ["sent", "Blynk", "done", "grow", "go on", allSent],
  ["stop", "Blynk", "as before", "least", "stop", serverSaysNo],
  ["pin", "Blynk", "rest", "own", "go on", pinOrPointsRefused],
  ["smaller", "Blynk", "rest", "own", "go on", pinOrPointsRefused],
  ["refused", "Blynk", "rest", "own", "go on", pinOrPointsRefused],
  ["moved", "Blynk", "as before", "new", "go on", allSent],
  ["foreign", "somebody", "keep", "least", "leave", intercepted],
  ["foreignCut", "somebody", "as before", "least", "leave", intercepted],
  ["busy", "somebody", "keep", "least", "retry", serverNotReached],
  ["handshake", "somebody", "none", "halve", "retry", intercepted],
  ["unknown", "nobody", "keep", "halve", "retry", serverNotReached],
  ["cut", "nobody", "as before", "halve", "retry", serverNotReached],
  ["unreached", "nobody", "none", "halve", "retry", serverNotReached],
])("judges %s", (outcome, answered, attempt, size, next, verdict) => {
  expect(judge(outcome)).toEqual({ outcome, answered, attempt, size, next, verdict });
});
