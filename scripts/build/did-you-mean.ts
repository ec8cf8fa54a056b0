import { distance } from "fastest-levenshtein";

/** " (did you mean flash?)" when a known word is near to `word`, else "". Upper and lower case are one. */
export function didYouMean(word: string, known: readonly string[]): string {
  const mine = word.toLowerCase();
  let best = "";
  let least = Math.max(1, word.length / 3);
  for (const one of known) {
    const away = mistypes(mine, one.toLowerCase());
    if (away < least || (away === least && best === "")) {
      best = one;
      least = away;
    }
  }
  return best === "" ? "" : ` (did you mean ${best}?)`;
}

/** Letters that were typed wrong. Two that changed places are one mistake, where Levenshtein counts two. */
function mistypes(typed: string, meant: string): number {
  const away = distance(typed, meant);
  return away === 2 && [...typed].sort().join("") === [...meant].sort().join("") ? 1 : away;
}
