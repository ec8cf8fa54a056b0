import { closest, distance } from "fastest-levenshtein";

/** " (did you mean flash?)" when a known word is near to `word`, else "". */
export function didYouMean(word: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const best = closest(word.toLowerCase(), [...known]);
  return distance(word.toLowerCase(), best.toLowerCase()) <= Math.max(1, word.length / 3)
    ? ` (did you mean ${best}?)`
    : "";
}
