/** Times in ms and positions need more than the 32 bits that bit operations have, so they are split by arithmetic. */

/** Writes `value` (integer, 0 to 2^48 - 1) little-endian. */
export function put48(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 4294967296, true);
  view.setUint16(at + 4, Math.floor(value / 4294967296), true);
}

export function get48(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint16(at + 4, true) * 4294967296;
}
