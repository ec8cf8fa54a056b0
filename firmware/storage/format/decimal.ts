/** Scaled integers as text: 215 with one decimal is 21.5 (FORMAT.md, "Values"). */

/** 10^decimals: a value's divisor, and a reading's factor. */
export const SCALES = [1, 10, 100, 1000, 10000];

/** Largest integer that is stored, of either sign; beyond it, and for NaN, a sample counts as unrepresentable. */
export const VALUE_MAX = 34359738366;

/** Below this, `v / 10^d` as text is the exact decimal (compared on the interpreter). Above it, Espruino invents digits. */
export const NATIVE_BELOW = 1e6;

/** `value` / 10^`decimals` as the shortest exact decimal. */
export function decimalText(value: number, decimals: number): string {
  if (value > -NATIVE_BELOW && value < NATIVE_BELOW) return `${value / SCALES[decimals]}`;
  let digits = `${value < 0 ? -value : value}`;
  if (decimals > 0) {
    // At least 1e6, so the point never comes first.
    const point = digits.length - decimals;
    let end = digits.length;
    while (end > point && digits.charAt(end - 1) === "0") end--;
    digits = digits.substr(0, point) + (end > point ? `.${digits.substring(point, end)}` : "");
  }
  return value < 0 ? `-${digits}` : digits;
}
