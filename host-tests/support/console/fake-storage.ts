/** Thrown when the power fails: the budget of flash bytes is used up. */
export class PowerCut extends Error {}

interface StoredFile {
  name: string;
  data: Uint8Array;
}

const HEADER_BYTES = 32;

/**
 * Espruino's Storage, written from src/jsflash.c of 2v29. To overwrite a file, it erases the old one, then writes the new
 * header, then the data. `cutAfter` makes the power fail after any flash byte of that.
 */
export class FakeStorage {
  readonly totalBytes: number;
  #files: StoredFile[] = [];
  #trashBytes = 0;
  #budget = Number.POSITIVE_INFINITY;
  /** Called before every program or erase, with the file's name. */
  onWrite: (name: string) => void = () => {};

  constructor(totalBytes = 896 * 1024) {
    this.totalBytes = totalBytes;
  }

  cutAfter(bytes: number): void {
    this.#budget = bytes;
  }

  #spend(bytes: number): number {
    const spent = Math.min(bytes, this.#budget);
    this.#budget -= spent;
    return spent;
  }

  #find(name: string): StoredFile | undefined {
    return this.#files.find((file) => file.name === name);
  }

  read(name: string, offset = 0, length = 0): string | undefined {
    const file = this.#find(name);
    if (file === undefined) return undefined;
    const end = length > 0 ? offset + length : file.data.length;
    return Buffer.from(file.data.subarray(offset, end)).toString("latin1");
  }

  erase(name: string): void {
    const file = this.#find(name);
    if (file === undefined) return;
    this.onWrite(name);
    if (this.#spend(4) < 4) throw new PowerCut();
    this.#files = this.#files.filter((other) => other !== file);
    this.#trashBytes += HEADER_BYTES + file.data.length;
  }

  write(name: string, text: string, offset = 0, wholeBytes = 0): boolean {
    const data = Buffer.from(text, "latin1");
    const size = wholeBytes === 0 ? data.length : wholeBytes;
    if (size === 0) throw new Error("Can't create zero length file");
    let file = this.#find(name);
    if (offset === 0) {
      if (file !== undefined && Buffer.from(file.data).equals(data) && size === data.length) return true;
      const blank = file?.data.length === size && file.data.every((byte) => byte === 0xff);
      if (!blank) {
        if (file !== undefined) this.erase(name);
        file = this.#create(name, size);
      }
    }
    if (file === undefined) throw new Error("Unable to find or create file");
    if (offset + data.length > file.data.length) throw new Error("Too much data for file size");
    if (file.data.subarray(offset, offset + data.length).some((byte) => byte !== 0xff)) {
      throw new Error("File already written with different data");
    }
    this.onWrite(name);
    const spent = this.#spend(data.length);
    file.data.set(data.subarray(0, spent), offset);
    if (spent < data.length) throw new PowerCut();
    return true;
  }

  #create(name: string, size: number): StoredFile {
    if (HEADER_BYTES + size > this.stats().freeBytes) {
      if (HEADER_BYTES + size > this.stats().freeBytes + this.#trashBytes)
        throw new Error("Unable to find or create file");
      this.compact();
    }
    if (this.#spend(HEADER_BYTES) < HEADER_BYTES) throw new PowerCut();
    const file = { name, data: new Uint8Array(size).fill(0xff) };
    this.#files.push(file);
    return file;
  }

  compact(): void {
    this.#trashBytes = 0;
  }

  list(): string[] {
    return this.#files.map((file) => file.name);
  }

  stats() {
    const fileBytes = this.#files.reduce((sum, file) => sum + HEADER_BYTES + file.data.length, 0);
    return {
      totalBytes: this.totalBytes,
      fileBytes,
      fileCount: this.#files.length,
      trashBytes: this.#trashBytes,
      freeBytes: this.totalBytes - fileBytes - this.#trashBytes,
    };
  }
}
