/** What the simulator uses of Node.js, for a browser: only as much of each as it uses. */

/** `node:zlib`. CRC-32 of IEEE 802.3, four bytes at a time ("slicing-by-4"). */
const TABLES = Array.from({ length: 4 }, () => new Uint32Array(256));
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  TABLES[0][byte] = crc;
}
for (let byte = 0; byte < 256; byte++) {
  for (let i = 1; i < 4; i++) TABLES[i][byte] = (TABLES[i - 1][byte] >>> 8) ^ TABLES[0][TABLES[i - 1][byte] & 255];
}

export function crc32(data: Uint8Array): number {
  const [t0, t1, t2, t3] = TABLES;
  let crc = -1;
  let i = 0;
  for (; i + 4 <= data.length; i += 4) {
    crc ^= data[i] | (data[i + 1] << 8) | (data[i + 2] << 16) | (data[i + 3] << 24);
    crc = t3[crc & 255] ^ t2[(crc >>> 8) & 255] ^ t1[(crc >>> 16) & 255] ^ t0[crc >>> 24];
  }
  for (; i < data.length; i++) crc = t0[(crc ^ data[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** `node:crypto`. The stand-in asks only whether two bodies are equal: the body itself says that. */
export function createHash(): { update(text: string): { digest(): string } } {
  return { update: (text) => ({ digest: () => text }) };
}

/** `node:fs`: there are no files. */
export function readFileSync(file: string): never {
  throw new Error(`a page reads no files: ${file}`);
}

/** `node:path` and `node:url`, for the name of the default device file, which the page has in its program. */
export const dirname = (path: string): string => path;
export const join = (...parts: string[]): string => parts.join("/");
export const fileURLToPath = (url: string): string => url;
