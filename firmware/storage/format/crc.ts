/** CRC-32 of anything with its own CRC-32 (little-endian) behind it. */
export const CRC_RESIDUE = 0x2144df1c;
