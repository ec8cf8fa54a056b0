/** Node.js's Buffer for a browser: as much of it as the simulator and csv-parse use. */

type Encoding = "utf8" | "latin1" | "base64";

class Bytes extends Uint8Array {
  copy(target: Uint8Array, targetStart = 0, start = 0, end = this.length): void {
    target.set(this.subarray(start, end), targetStart);
  }

  compare(other: Uint8Array): number {
    const length = Math.min(this.length, other.length);
    for (let i = 0; i < length; i++) if (this[i] !== other[i]) return this[i] < other[i] ? -1 : 1;
    return Math.sign(this.length - other.length);
  }

  equals(other: Uint8Array): boolean {
    return this.compare(other) === 0;
  }

  /** Unlike that of Uint8Array, no copy. */
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end) as Uint8Array<ArrayBuffer>;
  }

  override toString(encoding: Encoding = "utf8", start = 0, end = this.length): string {
    const part = this.subarray(start, end);
    if (encoding === "utf8") return new TextDecoder("utf-8", { ignoreBOM: true }).decode(part);
    let text = "";
    for (const byte of part) text += String.fromCharCode(byte);
    return encoding === "base64" ? btoa(text) : text;
  }
}

function bytesFrom(data: string | ArrayLike<number>, encoding: Encoding = "utf8"): Bytes {
  if (typeof data === "string" && encoding === "utf8") return bytesFrom(new TextEncoder().encode(data));
  const binary = typeof data === "string" && encoding === "base64" ? atob(data) : data;
  const bytes = new Bytes(binary.length);
  if (typeof binary === "string") for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  else bytes.set(binary);
  return bytes;
}

function concat(list: Uint8Array[]): Bytes {
  const bytes = new Bytes(list.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of list) {
    bytes.set(one, at);
    at += one.length;
  }
  return bytes;
}

function byteLength(text: string): number {
  // Nearly every body is ASCII.
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return new TextEncoder().encode(text).length;
  return text.length;
}

export const Buffer = {
  from: bytesFrom,
  alloc: (length: number) => new Bytes(length),
  allocUnsafe: (length: number) => new Bytes(length),
  isBuffer: (one: unknown): one is Bytes => one instanceof Bytes,
  compare: (a: Bytes, b: Uint8Array) => a.compare(b),
  concat,
  byteLength,
};
