/**
 * What is wrong with builds of Espruino that a unit may have, by their version. Sources: firmware/platform/HARDWARE.md,
 * “Builds”.
 */
import { type BoardInfo, isEsp32, sdkMajor } from "./board-info.ts";

export interface Defect {
  /** "fail": the logger can't work on it. "warn": it works, with what `found` says. "ok": the firmware works around it. */
  verdict: "ok" | "warn" | "fail";
  found: string;
  advice?: string;
}

interface Known extends Defect {
  applies(board: BoardInfo, version: number[]): boolean;
}

const KNOWN: Known[] = [
  {
    applies: (board, version) => sdkMajor(board) === 5 && !isNewer(version, [2, 29, 277]),
    verdict: "fail",
    found: "with ESP-IDF 5, builds up to 2v29.277 do not erase flash pages: no sample can be kept",
    advice: "Put a newer build on the board.",
  },
  {
    applies: (board) => sdkMajor(board) === 5,
    verdict: "warn",
    found:
      "with ESP-IDF 5 the watchdog does nothing: the firmware restarts itself when a timer is lost, but not when Espruino itself hangs",
    advice: "Where nobody comes by, cut the power once a week with a time switch, or use a build with ESP-IDF 3.",
  },
  {
    applies: (_board, version) => version[0] === 2 && version[1] === 26,
    verdict: "warn",
    found: "2v26 does not watch many pins: button and pulse counters may be dead",
    advice: "Put a newer build on the board.",
  },
  {
    applies: (board, version) => isEsp32(board.board) && !isNewer(version, [2, 29, 277]),
    verdict: "ok",
    found: "it opens an access point of its own at power-on, without a password; the firmware closes it",
  },
];

/** Those of this board's build, the worst first. */
export function defectsOf(board: BoardInfo): Defect[] {
  const version = (board.version.match(/\d+/g) ?? []).map(Number);
  return KNOWN.filter((one) => one.applies(board, version)).map(({ verdict, found, advice }) => {
    return { verdict, found, advice };
  });
}

function isNewer(version: number[], than: number[]): boolean {
  for (let i = 0; i < than.length; i++) {
    if ((version[i] ?? 0) !== than[i]) return (version[i] ?? 0) > than[i];
  }
  return false;
}
