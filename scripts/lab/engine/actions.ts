/** What somebody does by a click, as a change of the script: seed, device and script say all of a run. */
import { durationMs } from "../../simulator/duration.ts";
import { UsageError } from "../../simulator/errors.ts";
import { LEDGER_PAGES } from "../../simulator/partitions.ts";
import type { ScriptData } from "../../simulator/script-file.ts";
import type { Action } from "../protocol.ts";

/** A script whose lists are all there, so that what runs by it sees entries that are added. */
export type OpenScript = ScriptData & Required<Pick<ScriptData, (typeof LISTS)[number]>>;

const LISTS = ["wifi", "dns", "ntp", "http", "power", "flash", "setTime", "press", "sensors"] as const;
/** These take `from` and `to`. */
const WINDOWS = ["wifi", "dns", "ntp", "http", "sensors"] as const;
type WindowList = (typeof WINDOWS)[number];

/** A copy of the script with all its lists. */
export function openScript(script: ScriptData): OpenScript {
  const copy = JSON.parse(JSON.stringify(script)) as OpenScript;
  for (const list of LISTS) (copy as Record<string, unknown>)[list] ??= [];
  return copy;
}

/** A copy without lists that are empty. */
export function closedScript(script: ScriptData): ScriptData {
  const copy = JSON.parse(JSON.stringify(script)) as ScriptData;
  for (const list of LISTS) if (copy[list]?.length === 0) delete copy[list];
  return copy;
}

/**
 * Changes a script so that the action comes about at `atMs`. `offlineAt`: in a running script the scripted `offline` is the last
 * entry of `wifi` (script.ts, withOffline); new entries come before it. Throws UsageError.
 */
export function applyAction(script: OpenScript, action: Action, atMs: number, offlineAt?: number): void {
  switch (action.do) {
    case "begin":
      begin(script, action.list, action.entry, atMs, offlineAt);
      return;
    case "end":
      end(script, action.list, action.index, atMs);
      return;
    case "end-offline":
      if (offlineAt !== undefined) script.wifi[offlineAt].to = atMs;
      if (durationMs(script.offline ?? 0) <= atMs) throw new UsageError("the script's offline time is over already");
      script.offline = atMs;
      return;
    case "power":
      script.power.push({ at: atMs, kind: action.kind, ...off(action.offMs) });
      return;
    case "cut-in-flash":
      script.power.push({ at: atMs, kind: "cut", flashBytes: 1, ...off(action.offMs) });
      return;
    case "press":
      script.press.push({ at: atMs, ...(action.holdMs === undefined ? {} : { hold: action.holdMs }) });
      return;
    case "set-time":
      script.setTime.push({ at: atMs, kind: action.kind, offset: action.offsetMs });
      return;
    case "flip":
      script.flash.push({ at: atMs, kind: "flip", page: action.page, bit: action.bit });
      return;
    case "blank":
      script.flash.push({ at: atMs, kind: "blank", page: action.page });
      return;
    default:
      throw new UsageError(`unknown action "${(action as { do: string }).do}"`);
  }
}

const off = (offMs: number | undefined) => (offMs === undefined ? {} : { off: offMs });

function windowsOf(script: OpenScript, list: WindowList): { from?: number | string; to?: number | string }[] {
  if (!WINDOWS.includes(list)) throw new UsageError(`"${list}" is no list of faults that begin and end`);
  return script[list];
}

function begin(script: OpenScript, list: WindowList, entry: object, atMs: number, offlineAt?: number): void {
  const entries = windowsOf(script, list);
  const place = list === "wifi" && offlineAt !== undefined ? offlineAt : entries.length;
  entries.splice(place, 0, { ...entry, from: atMs });
}

function end(script: OpenScript, list: WindowList, index: number, atMs: number): void {
  const entry = windowsOf(script, list)[index];
  if (entry === undefined) throw new UsageError(`the script's ${list} has no entry ${index}`);
  if (entry.to !== undefined && durationMs(entry.to) <= atMs) throw new UsageError(`${list}[${index}] is over already`);
  if (durationMs(entry.from ?? 0) >= atMs) throw new UsageError(`${list}[${index}] has not begun yet`);
  entry.to = atMs;
}

/** The action harms the firmware's account of what it has. */
export function harmsLedger(action: Action): boolean {
  return (action.do === "flip" || action.do === "blank") && action.page < LEDGER_PAGES;
}
