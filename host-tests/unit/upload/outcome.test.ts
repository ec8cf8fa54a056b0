import { expect, it } from "vitest";
import { type Judgement, judge } from "../../../firmware/upload/outcome.ts";
import { VERDICT } from "../../../firmware/verdict.ts";

const { allSent, serverNotReached, serverSaysNo, pinOrPointsRefused } = VERDICT;

it.each<Judgement>([
  { outcome: "sent", answered: true, attempt: "done", size: "grow", next: "go on", verdict: allSent },
  { outcome: "unknown", answered: false, attempt: "keep", size: "halve", next: "retry", verdict: serverNotReached },
  { outcome: "cut", answered: false, attempt: "as before", size: "halve", next: "retry", verdict: serverNotReached },
  {
    outcome: "unreached",
    answered: false,
    attempt: "none",
    size: "halve",
    next: "retry",
    verdict: serverNotReached,
  },
  { outcome: "portal", answered: false, attempt: "keep", size: "least", next: "leave", verdict: serverNotReached },
  { outcome: "stop", answered: true, attempt: "as before", size: "least", next: "stop", verdict: serverSaysNo },
  { outcome: "pin", answered: true, attempt: "rest", size: "own", next: "go on", verdict: pinOrPointsRefused },
  { outcome: "smaller", answered: true, attempt: "rest", size: "own", next: "go on", verdict: pinOrPointsRefused },
  { outcome: "refused", answered: true, attempt: "rest", size: "own", next: "go on", verdict: pinOrPointsRefused },
])("judges $outcome", (judgement) => {
  expect(judge(judgement.outcome)).toEqual(judgement);
});
