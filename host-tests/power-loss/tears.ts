/**
 * What a program or an erase may leave when the power goes in the middle of it: the protocol's points 3 and 4. Each list
 * holds whole images of the cells concerned.
 */

/** With at most this many changing bits, every subset of them is tried. */
const ALL_SUBSETS_BITS = 12;
const RANDOM_SUBSETS = 64;
const RANDOM_BYTE_SUBSETS = 16;

function bitsOf(before: Uint8Array, data: Uint8Array): { at: number; bit: number }[] {
  const bits: { at: number; bit: number }[] = [];
  for (let at = 0; at < data.length; at++) {
    for (let bit = 1; bit < 256; bit *= 2) if (before[at] & ~data[at] & bit) bits.push({ at, bit });
  }
  return bits;
}

/** Every byte prefix and suffix, random byte subsets, and subsets of the changing bits: all when 12 or fewer, else 64. */
export function tornPrograms(before: Uint8Array, data: Uint8Array, random: () => number): Uint8Array[] {
  const images: Uint8Array[] = [];
  const wanted = before.map((byte, i) => byte & data[i]);
  const length = data.length;
  const bits = bitsOf(before, data);
  if (bits.length <= ALL_SUBSETS_BITS) {
    for (let subset = 0; subset < 2 ** bits.length; subset++) {
      const image = before.slice();
      bits.forEach((bit, i) => {
        if (subset & (2 ** i)) image[bit.at] &= ~bit.bit;
      });
      images.push(image);
    }
    return images;
  }
  for (let n = 0; n <= length; n++) {
    images.push(before.map((byte, i) => (i < n ? wanted[i] : byte)));
    if (n > 0 && n < length) images.push(before.map((byte, i) => (i >= n ? wanted[i] : byte)));
  }
  for (let n = 0; n < RANDOM_BYTE_SUBSETS; n++) {
    images.push(before.map((byte, i) => (random() < 0.5 ? wanted[i] : byte)));
  }
  for (let n = 0; n < RANDOM_SUBSETS; n++) {
    const share = random();
    const image = before.slice();
    for (const bit of bits) if (random() < share) image[bit.at] &= ~bit.bit;
    images.push(image);
  }
  return images;
}

/** Share of the bits that have risen in a torn erase. */
const RISEN = [0.5, 0.9, 0.999];

/** Fifteen ways in which an erase can end; `headerBytes` at the page's start may outlive the data. */
export function tornErases(before: Uint8Array, headerBytes: number, random: () => number): Uint8Array[] {
  const length = before.length;
  const blank = new Uint8Array(length).fill(255);
  const cut = Math.floor(random() * length);
  const images = [
    before.slice(),
    blank,
    ...[1, length / 2, cut].map((n) => before.map((byte, i) => (i < n ? 255 : byte))),
    ...[1, length / 2, cut].map((n) => before.map((byte, i) => (i >= n ? 255 : byte))),
    new Uint8Array(length),
    before.map((byte, i) => (i < headerBytes ? byte : 255)),
  ];
  for (const risen of RISEN) {
    images.push(
      before.map((byte) => {
        for (let bit = 1; bit < 256; bit *= 2) if (random() < risen) byte |= bit;
        return byte;
      }),
    );
  }
  for (let n = 0; n < 2; n++) {
    const image = blank.slice();
    image[Math.floor(random() * length)] &= ~(1 << Math.floor(random() * 8));
    images.push(image);
  }
  return images;
}
