/**
 * `value`, if it lies within what the chip can measure. Throws what is wrong otherwise: a value that can't be is a failed
 * reading.
 */
export function inRange(value: number, min: number, max: number): number {
  // NaN fails this, too.
  if (value >= min && value <= max) return value;
  throw new Error(`${value} is outside ${min} to ${max}`);
}
