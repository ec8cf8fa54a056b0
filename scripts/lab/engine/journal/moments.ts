/** What a person sees on the timeline, and the console's lines. */
import { FIX_KIND } from "../../../../firmware/clock/fix-kind.ts";
import { VERDICT, type Verdict, verdictText } from "../../../../firmware/verdict.ts";
import { durationMs } from "../../../simulator/duration.ts";
import type { Exchange } from "../../../simulator/network/http-server.ts";
import type { Script } from "../../../simulator/script.ts";
import type { TimelineEntry } from "../../protocol.ts";

const FIX_BY: Record<number, string> = {
  [FIX_KIND.sntp]: "time servers",
  [FIX_KIND.date]: "the server's date",
  [FIX_KIND.cable]: "a computer at the cable",
  [FIX_KIND.phone]: "a phone",
  [FIX_KIND.checked]: "time servers, the server's date agrees",
};

export function fixEntry(atMs: number, fix: { boundMs: number; kind: number }): TimelineEntry {
  return { atMs, what: "fix", boundMs: fix.boundMs, by: FIX_BY[fix.kind] ?? "a clock" };
}

/** What came back when it was no answer in HTTP. */
const WITHOUT_ANSWER: Record<string, string> = {
  silent: "no answer",
  lost: "the connection ended without an answer",
  reset: "the connection was reset",
  late: "an answer, late",
  garbage: "no HTTP",
};

export function requestEntry({ atMs, pin, points, stored, fault, statusLine }: Exchange): TimelineEntry {
  const status = /^HTTP\/1\.1 (.*)/.exec(statusLine ?? "")?.[1];
  const answer = status ?? WITHOUT_ANSWER[fault ?? ""] ?? "no answer";
  return { atMs, what: "request", pin, points, stored, answer, fault };
}

/** The end of a sync, if the line says that. */
export function verdictEntry(atMs: number, line: string): TimelineEntry | undefined {
  const text = /^\[\w+\] sync: (.*)$/.exec(line)?.[1];
  if (text === undefined) return undefined;
  const verdict = Object.values(VERDICT).find((one: Verdict) => verdictText(one) === text);
  return verdict === undefined ? undefined : { atMs, what: "verdict", verdict, text };
}

/** What the simulated board prints when the power goes or the chip restarts. */
export function powerEntry(atMs: number, line: string): TimelineEntry | undefined {
  if (line === "(power off)") return { atMs, what: "power", on: false, why: "power cut" };
  const why = /^\(restart: (.*)\)$/.exec(line)?.[1];
  return why === undefined ? undefined : { atMs, what: "power", on: false, why: `restart: ${why}` };
}

/** What people do to the unit, by the script, in order. Power and Wi-Fi show by what comes of them. */
export function scriptedMoments({ press, setTime, flash }: Script): TimelineEntry[] {
  const moments: TimelineEntry[] = [
    ...(press ?? []).map(({ at }) => ({ atMs: durationMs(at), what: "press" as const })),
    ...(setTime ?? []).map(({ at }) => ({ atMs: durationMs(at), what: "clock" as const })),
    ...(flash ?? []).map((harm) => ({
      atMs: durationMs(harm.at),
      what: "flash" as const,
      text:
        harm.kind === "blank"
          ? `page ${harm.page} went blank`
          : "page" in harm
            ? `bit ${harm.bit} of page ${harm.page} flipped`
            : `bit ${harm.bit} at 0x${harm.address.toString(16)} flipped`,
    })),
  ];
  return moments.sort((a, b) => a.atMs - b.atMs);
}
