/** What the console of the tools uses of Node.js, for a browser: only as much of each as it uses. */
export { crc32 } from "../engine/in-worker/node-stand-ins.ts";

type Encoding = "latin1" | "utf8" | "base64";

/** Bytes with the methods of Node.js' Buffer that scripts/console calls. */
class Bytes extends Uint8Array {
  static override from(data: unknown, second?: unknown, length?: number): Bytes {
    if (data instanceof ArrayBuffer) return new Bytes(data, (second as number | undefined) ?? 0, length);
    if (typeof data !== "string") return Bytes.copyOf(data as ArrayLike<number>);
    if (second === "latin1") return Bytes.ofCharacters(data);
    return second === "base64" ? Bytes.ofCharacters(atob(data)) : Bytes.copyOf(new TextEncoder().encode(data));
  }

  static copyOf(data: ArrayLike<number>): Bytes {
    const bytes = new Bytes(data.length);
    bytes.set(data);
    return bytes;
  }

  static ofCharacters(text: string): Bytes {
    const bytes = new Bytes(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  static byteLength(text: string): number {
    return new TextEncoder().encode(text).length;
  }

  override toString(encoding: Encoding = "utf8"): string {
    if (encoding === "utf8") return new TextDecoder().decode(this);
    let text = "";
    for (const byte of this) text += String.fromCharCode(byte);
    return encoding === "base64" ? btoa(text) : text;
  }

  /** Of a text, each character one byte. */
  override indexOf(wanted: number | string, from = 0): number {
    if (typeof wanted === "number") return super.indexOf(wanted, from);
    for (
      let at = super.indexOf(wanted.charCodeAt(0), from);
      at >= 0;
      at = super.indexOf(wanted.charCodeAt(0), at + 1)
    ) {
      if ([...wanted].every((letter, i) => this[at + i] === letter.charCodeAt(0))) return at;
    }
    return -1;
  }
}

export { Bytes as Buffer };

/** A global of Node.js. */
export const setImmediate = (act: () => void): void => void setTimeout(act, 0);
