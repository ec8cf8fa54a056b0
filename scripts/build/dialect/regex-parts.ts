/** A regular expression cut into its parts, and what of it Espruino's matcher (src/jswrap_regexp.c of 2v29) gets wrong. */

interface Part {
  /** As written: a character, an escape, a whole class, or one of the operators. */
  text: string;
  /** Offset in the pattern. */
  at: number;
  /** It stands for one character. */
  isOne: boolean;
}

const PART = /\\x[0-9A-Fa-f]{2}|\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|[\s\S]/g;

function partsOf(pattern: string): Part[] {
  return [...pattern.matchAll(PART)].map(({ 0: text, index }) => {
    return { text, at: index, isOne: text.length > 1 || !/[()|^$*+?]/.test(text) };
  });
}

/** Whether one part matches a character, in JavaScript. */
function matcher(part: string, ignoreCase: boolean): (character: string) => boolean {
  const regex = new RegExp(`^${part.replace(/^[{}\]]$/, "\\$&")}$`, ignoreCase ? "is" : "s");
  return (character) => regex.test(character);
}

const CHARACTERS = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

/**
 * Offsets right behind each `+` that Espruino may let match nothing. It takes what `+` repeats for matched as soon as it fits the
 * next character, before it consumes that, and at the end of a text it compares with the character 0. So `+` is wrong where what
 * follows can match the same character, and where what it repeats matches the character 0.
 */
export function riskyRepetitions(pattern: string, flags: string): number[] {
  const parts = partsOf(pattern);
  const ignoreCase = flags.includes("i");
  return parts.flatMap((plus, i) => {
    if (plus.text !== "+" || i === 0 || !parts[i - 1].isOne) return [];
    const repeated = matcher(parts[i - 1].text, ignoreCase);
    return repeated("\0") || canFollow(parts.slice(i + 1), repeated, ignoreCase) ? [plus.at + 1] : [];
  });
}

/** Whether the first character that `parts` match can be one that `repeated` matches too. */
function canFollow(parts: Part[], repeated: (character: string) => boolean, ignoreCase: boolean): boolean {
  for (const [i, { text, isOne }] of parts.entries()) {
    if (/^[|$]$/.test(text)) return false;
    if (!isOne) continue;
    const next = matcher(text, ignoreCase);
    if (CHARACTERS.some((character) => next(character) && repeated(character))) return true;
    if (parts[i + 1]?.text !== "*") return false;
  }
  return false;
}

/** The pattern with each risky `X+` as `XX*`, which means the same in JavaScript and is right in Espruino. */
export function withSafeRepetitions(pattern: string, flags: string): string {
  const parts = partsOf(pattern);
  const risky = new Set(riskyRepetitions(pattern, flags));
  return parts.map(({ text, at }, i) => (risky.has(at + 1) ? `${parts[i - 1].text}*` : text)).join("");
}

/** The pattern with each slash in a class escaped: Espruino's lexer ends the expression there. */
export function withEscapedSlashes(pattern: string): string {
  return partsOf(pattern)
    .map(({ text }) =>
      text.startsWith("[") ? text.replace(/\\[\s\S]|\//g, (one) => (one === "/" ? "\\/" : one)) : text,
    )
    .join("");
}

/** The parts of each alternative that is not in a group. */
function alternativesOf(pattern: string): Part[][] {
  const alternatives: Part[][] = [[]];
  for (const part of partsOf(pattern)) {
    if (part.text === "|") alternatives.push([]);
    else alternatives[alternatives.length - 1].push(part);
  }
  return alternatives;
}

/** Whether nothing of an alternative has to be there. */
function isOptional(alternative: Part[]): boolean {
  return alternative.every(({ isOne }, i) => !isOne || /^[*?]$/.test(alternative[i + 1]?.text ?? ""));
}

/** Whether it can match the empty text. */
export function canBeEmpty(pattern: string): boolean {
  return alternativesOf(pattern).some(isOptional);
}

/** Whether it can match the empty text at the end of a text, where Espruino looks for nothing but `$` alone. */
export function canBeEmptyAtEnd(pattern: string): boolean {
  if (pattern === "$") return false;
  const atEnd = alternativesOf(pattern).filter((one) => one[0]?.text !== "^" && one.some(({ text }) => text === "$"));
  return atEnd.some(isOptional);
}

export function hasGroup(pattern: string): boolean {
  return partsOf(pattern).some(({ text }) => text === "(");
}

/** What is wrong with a pattern, as rule and words, or undefined. Each was seen to go wrong in the interpreter. */
export function structuralTrouble(pattern: string, flags: string): [id: string, what: string] | undefined {
  const parts = partsOf(pattern);
  const texts = parts.map(({ text }) => text);
  const hasOptional = texts.some((text, i) => text === "?" && !/^[*+?}(]$/.test(texts[i - 1] ?? ""));
  if (hasOptional) return ["regex-optional", "a regular expression with ?"];
  if (texts.filter((text) => text === "(").length > 9) return ["regex-groups", "a regular expression with ten groups"];
  return alternativesTrouble(texts) ?? classTrouble(parts, flags);
}

/** Espruino looks for the next `|` anywhere behind the failure, whatever it stands in, and starts again there. */
function alternativesTrouble(texts: string[]): [id: string, what: string] | undefined {
  const alternatives: string[][] = [[]];
  let depth = 0;
  for (const text of texts) {
    if (text === "(") depth++;
    if (text === ")") depth--;
    if (text === "|" && depth > 0) return ["regex-alternatives", "a regular expression with | in a group"];
    if (text === "|") alternatives.push([]);
    else alternatives[alternatives.length - 1].push(text);
  }
  if (alternatives.length === 1) return undefined;
  if (alternatives.some((one) => one.includes("("))) {
    return ["regex-alternatives", "a regular expression with | and a group"];
  }
  const isAnchored = alternatives.map(([first]) => first === "^");
  return isAnchored.some((anchored, i) => anchored && isAnchored.slice(i + 1).includes(false))
    ? ["regex-alternatives", "a regular expression with | behind ^"]
    : undefined;
}

const RANGE = /(\\x[0-9A-Fa-f]{2}|\\[\s\S]|[^\\])-(\\x[0-9A-Fa-f]{2}|\\[\s\S]|[^\\])/g;

function classTrouble(parts: Part[], flags: string): [id: string, what: string] | undefined {
  for (const [i, { text }] of parts.entries()) {
    if (!text.startsWith("[") || text.length === 1) continue;
    const inside = text.slice(1, -1);
    if (/^(\\[\s\S]|[^\\])*?\[/.test(inside.replace(/\\[\s\S]/g, "__")))
      return ["regex-class", "a regular expression with [ in a class"];
    if (i > 0 && inside.replace(/\\[\s\S]/g, "__").includes("|")) {
      return ["regex-class", "a regular expression with | in a class"];
    }
    for (const [range, from, to] of inside.replace(/^\^/, "").matchAll(RANGE)) {
      if (isMisreadRange(from, to, flags))
        return ["regex-class", `a regular expression with the range ${range} in a class`];
    }
  }
  return undefined;
}

/** `.` in a class is never a bound; bounds are compared in lower case with flag i, and as signed bytes on some platforms. */
function isMisreadRange(from: string, to: string, flags: string): boolean {
  if (/^\\[dDsSwW]$/.test(from)) return false;
  if (from === "." || to === ".") return true;
  const [low, high] = [from, to].map((bound) =>
    characterOf(flags.includes("i") ? characterOf(bound).toLowerCase() : bound),
  );
  if (low >= high || (low < "\x80" && high >= "\x80")) return true;
  return flags.includes("i") && kindOf(characterOf(from)) !== kindOf(characterOf(to));
}

function kindOf(character: string): "upper" | "lower" | "other" {
  if (/[A-Z]/.test(character)) return "upper";
  return /[a-z]/.test(character) ? "lower" : "other";
}

const ESCAPES: { [letter: string]: string } = { t: "\t", n: "\n", v: "\v", f: "\f", r: "\r", b: "\b", "0": "\0" };

/** The character that a bound of a range stands for. */
function characterOf(bound: string): string {
  if (bound.length < 2) return bound;
  if (bound[1] === "x" && bound.length === 4) return String.fromCharCode(Number.parseInt(bound.slice(2), 16));
  return ESCAPES[bound[1]] ?? bound[1];
}

/** Whether it is plain text and `$`, which Espruino compares as a whole with the end of the text. */
export function isPlainEnd(pattern: string): boolean {
  const texts = partsOf(pattern).map(({ text }) => text);
  const isPlain = texts.slice(0, -1).every((text) => /^(\\[.\\]|[^.[\]()|^*+$\\])$/.test(text));
  return texts.at(-1) === "$" && isPlain && texts.length <= 31;
}
