/** Scaled integers as text: 215 with one decimal is 21.5 (FORMAT.md, "Values"). */

/** The divisor of a value, by its decimals. */
export const SCALES = [1, 10, 100, 1000, 10000];

/** v / 10^d as text was compared with the exact decimal on the interpreter below this; beyond it invents digits. */
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
