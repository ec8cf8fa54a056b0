/**
 * CRC-8 of Sensirion's chips: x^8 + x^5 + x^4 + 1, highest bit first, from 0xFF. 0xBE 0xEF gives 0x92 (SHT3x datasheet,
 * table 20).
 */
export function sensirionCrc(high: number, low: number): number {
  let crc = 0xff;
  for (let i = 0; i < 2; i++) {
    crc ^= i === 0 ? high : low;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x31) & 0xff : crc << 1;
  }
  return crc;
}

/** Words of 16 bits as the chips send them: high byte, low byte, CRC. Throws when a CRC is wrong. */
export function sensirionWords(bytes: ArrayLike<number>): number[] {
  const words: number[] = [];
  for (let i = 0; i + 2 < bytes.length; i += 3) {
    if (sensirionCrc(bytes[i], bytes[i + 1]) !== bytes[i + 2]) throw new Error("wrong checksum");
    words.push(bytes[i] * 256 + bytes[i + 1]);
  }
  return words;
}

/** °C of a raw word; the same in all these chips. */
export function sensirionCelsius(word: number): number {
  return (175 * word) / 65535 - 45;
}
