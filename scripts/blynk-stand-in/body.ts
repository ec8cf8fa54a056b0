/**
 * Reads a batch body, `[[ts,value],…]`, and keeps the text of each number as it was on the wire: `JSON.parse` turns `21.50`
 * into `21.5` and so hides what the device really sent.
 */

export interface WirePoint {
  ts: number;
  tsText: string;
  /** The value's text on the wire, for example `21.5`. Of a string, boolean or location it is the JSON text. */
  value: string;
  /** False when the value is anything but a JSON number. */
  numeric: boolean;
}

export type ParsedBody =
  | {
      ok: true;
      points: WirePoint[];
      /** Bytes of the same points as the shortest JSON: no whitespace, no needless digit, no exponent. */
      shortestBytes: number;
    }
  | { ok: false; error: string };

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\r\n]*/y;
const OTHER_VALUE = /"(?:[^"\\]|\\.)*"|true|false|null|\[[^[\]]*\]/y;

/** Parses a body. `error` says what is wrong and at which character. Never throws. */
export function parseBody(body: string): ParsedBody {
  let at = 0;
  const skip = () => {
    const code = body.charCodeAt(at);
    if (code !== 32 && code !== 9 && code !== 10 && code !== 13) return;
    SPACE.lastIndex = at;
    SPACE.exec(body);
    at = SPACE.lastIndex;
  };
  const eat = (character: string): boolean => {
    skip();
    if (body[at] !== character) return false;
    at++;
    return true;
  };
  const match = (pattern: RegExp): string | undefined => {
    skip();
    pattern.lastIndex = at;
    const text = pattern.exec(body)?.[0];
    if (text !== undefined) at += text.length;
    return text;
  };
  const wrong = (expected: string): ParsedBody => ({ ok: false, error: `expected ${expected} at character ${at}` });

  try {
    JSON.parse(body);
  } catch {
    return { ok: false, error: "not JSON" };
  }
  const points: WirePoint[] = [];
  let shortestBytes = 1;
  if (!eat("[")) return wrong("[");
  if (eat("]")) return { ok: true, points, shortestBytes: 2 };
  do {
    if (!eat("[")) return wrong("[");
    const tsText = match(NUMBER);
    if (tsText === undefined) return wrong("a timestamp");
    if (!eat(",")) return wrong(",");
    const number = match(NUMBER);
    const value = number ?? match(OTHER_VALUE);
    if (value === undefined) return wrong("a value");
    if (!eat("]")) return wrong("]");
    points.push({ ts: Number(tsText), tsText, value, numeric: number !== undefined });
    shortestBytes += 4 + shortestNumber(tsText).length + (number === undefined ? value : shortestNumber(value)).length;
  } while (eat(","));
  if (!eat("]")) return wrong("]");
  return { ok: true, points, shortestBytes };
}

/** The shortest exact plain decimal of a JSON number. It is made from the digits, so that nothing is rounded. */
export function shortestNumber(text: string): string {
  // Most numbers are integers: this early answer keeps a simulated year quick.
  if (/^(?:0|-?[1-9]\d*)$/.test(text)) return text;
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!parts) return text;
  const fraction = parts[3] ?? "";
  const exponent = Number(parts[4] ?? 0);
  const digits = parts[2] + fraction;
  let point = parts[2].length + exponent;
  let padded = digits;
  if (point < 0) {
    padded = "0".repeat(-point) + padded;
    point = 0;
  }
  padded = padded.padEnd(point, "0");
  const whole = padded.slice(0, point).replace(/^0+/, "") || "0";
  const rest = padded.slice(point).replace(/0+$/, "");
  const plain = rest === "" ? whole : `${whole}.${rest}`;
  return plain === "0" ? "0" : parts[1] + plain;
}
