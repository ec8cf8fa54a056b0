/** Numbers, times and states as the page writes them. */
import { type PageState, SAMPLE_STATES, type SampleState } from "../protocol.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** "day 3, 04:05:06": simulated time since power-on. */
export function sincePowerOn(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  return `day ${day}, ${new Date(ms - day * DAY_MS).toISOString().slice(11, 19)}`;
}

/** "2026-01-03 04:05:06" in UTC. */
export function utc(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(0, 19).replace("T", " ");
}

/** "3 d", "2 h", "5 min", "7 s". */
export function lasting(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${Math.round(ms / DAY_MS)} d`;
  if (ms >= 2 * HOUR_MS) return `${Math.round(ms / HOUR_MS)} h`;
  if (ms >= 2 * MINUTE_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  return ms >= SECOND_MS ? `${Math.round(ms / SECOND_MS)} s` : `${Math.round(ms)} ms`;
}

/** "12,345". */
export function grouped(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}

/** Simulated time in each second: "1.5 days/s". */
export function paceText(pace: number): string {
  const ms = pace * 1000;
  if (ms >= DAY_MS / 10) return `${(ms / DAY_MS).toFixed(ms >= 10 * DAY_MS ? 0 : 1)} days/s`;
  return `${lasting(ms)}/s`;
}

/** Colour of a sample's state: a variable of style.css. */
export const STATE_COLOURS: { [state in SampleState]: string } = {
  pending: "--pending",
  sending: "--sending",
  undated: "--undated",
  delivered: "--delivered",
  expired: "--dropped",
  overwritten: "--dropped",
  thinned: "--dropped",
  undatable: "--dropped",
  refused: "--dropped",
  unrepresentable: "--dropped",
  corrupt: "--dropped",
};

/** By a state's place in SAMPLE_STATES; a number behind them is of samples that are delivered or dropped. */
export function stateColour(index: number): string {
  const state = SAMPLE_STATES[index];
  return state === undefined ? "--quiet" : STATE_COLOURS[state];
}

/** What each state means, for tooltips. */
export const STATE_WORDS: { [state in SampleState]: string } = {
  pending: "waits to be sent",
  sending: "its request has no answer yet",
  undated: "waits for a clock: nothing says yet when it was taken",
  delivered: "the server has it",
  expired: "dropped: older than the server takes",
  overwritten: "dropped: the flash was full",
  thinned: "dropped: left out, because more was logged than can be sent in time",
  undatable: "dropped: its time can't be told closely enough",
  refused: "dropped: the server refused it",
  unrepresentable: "dropped: not a number, or too large to store",
  corrupt: "dropped: the flash that held it decayed",
};

export const PAGE_WORDS: { [state in PageState]: string } = {
  blank: "blank",
  ledger: "ledger",
  open: "open: takes samples",
  sealed: "full: not all of it is delivered",
  delivered: "delivered: free to be used again",
  spoilt: "given up, to be erased",
  fixes: "times",
  foreign: "not of this firmware version",
};
