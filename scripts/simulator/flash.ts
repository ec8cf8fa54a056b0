import type { Flash } from "../../firmware/platform/ports.ts";

/**
 * NOR flash that is stricter than the chip: what hardware would do silently (programming a 0 back to 1, touching what
 * is not there, answering while the power is off) throws, and everything is counted.
 */

/** The simulated power went. What ran on the chip is gone; `powerOn()` starts it again. */
export class PowerCut extends Error {
  override name = "PowerCut";
}

/** The firmware did what flash can't do: the test has failed. */
export class FlashMisuse extends Error {
  override name = "FlashMisuse";
}

export interface FlashRange {
  address: number;
  pageBytes: number;
  pages: number;
  /** One byte to fill with (default 0xFF, blank), or the bytes from the start of the range. */
  content?: number | Uint8Array;
}

/**
 * What an operation leaves when the power goes in the middle of it. A program may leave any subset of the bits it
 * would have cleared; an erase may leave anything.
 */
export interface Tear {
  program(before: Uint8Array, wanted: Uint8Array, random: () => number): Uint8Array;
  erase(before: Uint8Array, random: () => number): Uint8Array;
}

export interface FlashOperation {
  kind: "program" | "erase";
  address: number;
  /** What is programmed; the length of the page for an erase. */
  data: Uint8Array | undefined;
  bytes: number;
}

/** What happened to the cells from `address` on: they hold what `bytesAt` shows. "other": a torn program, decay, harm. */
export interface FlashChange {
  kind: "program" | "erase" | "torn erase" | "other";
  address: number;
  bytes: number;
}

export interface FlashOptions extends Partial<FlashRange> {
  /** Several stretches instead of one; reading or writing between them is misuse. */
  ranges?: FlashRange[];
  /** Uniform in [0, 1); decides tears, flips and unstable bits. */
  random?: () => number;
  /** Cells that a cut left half programmed answer at random for up to this many reads, then settle either way. Default 0. */
  unstableReads?: number;
}

interface Stretch {
  address: number;
  end: number;
  pageBytes: number;
  bytes: Uint8Array;
  wear: Uint32Array;
  programmed: Uint32Array;
}

interface Unstable {
  mask: number;
  readsLeft: number;
}

/** Leaves a random subset of the changing bits of a program, and a random mixture of an erase. */
export const randomTear: Tear = {
  program(before, wanted, random) {
    const wholeBytes = Math.floor(random() * (before.length + 1));
    return before.map((old, i) => {
      if (i < wholeBytes) return old & wanted[i];
      return i === wholeBytes ? old & (wanted[i] | Math.floor(random() * 256)) : old;
    });
  },
  erase(before, random) {
    const risen = random();
    return before.map((old) => {
      for (let bit = 1; bit < 256; bit *= 2) if (random() < risen) old |= bit;
      return old;
    });
  },
};

export class SimulatedFlash implements Flash {
  readonly counts = { reads: 0, writes: 0, erases: 0, bytesRead: 0, bytesWritten: 0 };
  /** Called before every program and erase, to copy the image of each possible cut. */
  onOperation: ((operation: FlashOperation) => void) | undefined;
  /** Operations for which this is true do nothing and report nothing, as on a worn page. For testing read-back. */
  failing: ((operation: FlashOperation) => boolean) | undefined;
  /** Called after the cells of a range changed, however they did: all that a copy has to follow. */
  onChanged: ((change: FlashChange) => void) | undefined;
  powered = true;
  private readonly stretches: Stretch[];
  private readonly random: () => number;
  private readonly unstableReads: number;
  private readonly unstable = new Map<number, Unstable>();
  /** Bits that turned over to 0 by themselves, by address: whoever programs them can't know it. */
  private readonly turned = new Map<number, number>();
  private operationsLeft = Number.POSITIVE_INFINITY;
  private bytesLeft = Number.POSITIVE_INFINITY;
  private tear: Tear = randomTear;

  constructor(options: FlashOptions) {
    const ranges = options.ranges ?? [
      {
        address: options.address ?? 0,
        pageBytes: options.pageBytes ?? 4096,
        pages: options.pages ?? 1,
        content: options.content,
      },
    ];
    this.stretches = ranges.map((range) => {
      const bytes = new Uint8Array(range.pageBytes * range.pages);
      bytes.fill(typeof range.content === "number" ? range.content : 0xff);
      if (range.content instanceof Uint8Array) bytes.set(range.content);
      return {
        address: range.address,
        end: range.address + bytes.length,
        pageBytes: range.pageBytes,
        bytes,
        wear: new Uint32Array(range.pages),
        programmed: new Uint32Array(range.pages),
      };
    });
    this.random = options.random ?? Math.random;
    this.unstableReads = options.unstableReads ?? 0;
  }

  /** The cells of the first (or only) range, not a copy: for dumps, and for tests that damage them. */
  get bytes(): Uint8Array {
    return this.stretches[0].bytes;
  }

  /** Completed and torn erases of each page of the first range. */
  get wear(): Uint32Array {
    return this.stretches[0].wear;
  }

  /** Bytes programmed in each page of the first range, torn programs left out. */
  get programmed(): Uint32Array {
    return this.stretches[0].programmed;
  }

  /** The cells of the range that holds `address`, not a copy. */
  bytesAt(address: number): Uint8Array {
    return this.stretchOf(address, 1).bytes;
  }

  read(bytes: number, address: number): Uint8Array {
    const target = new Uint8Array(bytes);
    this.readInto(target, address);
    return target;
  }

  /** Fills `target` from `address` on. */
  readInto(target: Uint8Array, address: number): void {
    this.mustBePowered();
    const bytes = target.length;
    const stretch = this.stretchOf(address, bytes);
    this.counts.reads++;
    this.counts.bytesRead += bytes;
    const start = address - stretch.address;
    const cells = stretch.bytes;
    // For a few bytes a loop is faster than `set` with a view.
    if (bytes <= 64) for (let i = 0; i < bytes; i++) target[i] = cells[start + i];
    else target.set(cells.subarray(start, start + bytes));
    if (this.unstable.size > 0) this.shake(stretch, start, target);
  }

  write(data: Uint8Array, address: number): void {
    this.mustBePowered();
    const stretch = this.stretchOf(address, data.length);
    const start = address - stretch.address;
    const operation: FlashOperation = { kind: "program", address, data, bytes: data.length };
    this.onOperation?.(operation);
    const { bytes } = stretch;
    const settled = this.unstable.size + this.turned.size === 0;
    for (let i = 0; i < data.length; i++) {
      // An unstable cell may be 0 without showing it, and a blank one may decay. The firmware can't know this, so it may write
      // over it; reading back shows it.
      const unknown = (this.unstable.get(address + i)?.mask ?? 0) | (this.turned.get(address + i) ?? 0);
      const known = settled ? 0xff : ~unknown;
      if ((data[i] & ~bytes[start + i] & known & 0xff) !== 0) {
        throw new FlashMisuse(`0 to 1 at 0x${(address + i).toString(16)}: ${bytes[start + i]} to ${data[i]}`);
      }
    }
    if (this.cutsWithin(data.length)) this.cutProgram(stretch, start, data);
    this.counts.writes++;
    this.counts.bytesWritten += data.length;
    stretch.programmed[Math.floor(start / stretch.pageBytes)] += data.length;
    if (this.failing?.(operation)) return;
    for (let i = 0; i < data.length; i++) bytes[start + i] &= data[i];
    this.onChanged?.({ kind: "program", address, bytes: data.length });
  }

  erasePage(address: number): void {
    this.mustBePowered();
    const stretch = this.stretchOf(address, 1);
    const start = address - stretch.address;
    const { pageBytes, bytes } = stretch;
    if (start % pageBytes !== 0) throw new FlashMisuse(`erase off a page's start, 0x${address.toString(16)}`);
    const operation: FlashOperation = { kind: "erase", address, data: undefined, bytes: pageBytes };
    this.onOperation?.(operation);
    stretch.wear[start / pageBytes]++;
    if (this.cutsWithin(1)) {
      const before = bytes.slice(start, start + pageBytes);
      const torn = this.tear.erase(before, this.random);
      bytes.set(torn, start);
      for (let i = 0; i < pageBytes; i++) this.unsettle(address + i, torn[i] ^ 0xff);
      this.onChanged?.({ kind: "torn erase", address, bytes: pageBytes });
      this.powerOff();
    }
    this.counts.erases++;
    if (this.failing?.(operation)) return;
    bytes.fill(0xff, start, start + pageBytes);
    this.settle(address, pageBytes);
    this.onChanged?.({ kind: "erase", address, bytes: pageBytes });
  }

  /** The power goes inside the n-th program or erase from now (1 = the next). */
  cutAtOperation(n: number, tear: Tear = randomTear): void {
    this.operationsLeft = n;
    this.tear = tear;
  }

  /** The power goes inside the operation that programs the n-th byte from now; an erase counts as one byte. */
  cutAtByte(n: number, tear: Tear = randomTear): void {
    this.bytesLeft = n;
    this.tear = tear;
  }

  /** Takes the power away, as a cut between two operations. Throws `PowerCut`. */
  powerOff(): never {
    this.powered = false;
    this.operationsLeft = Number.POSITIVE_INFINITY;
    this.bytesLeft = Number.POSITIVE_INFINITY;
    throw new PowerCut("power cut");
  }

  powerOn(): void {
    this.powered = true;
  }

  /** Makes the cells of `mask` at `address` answer at random for the next reads, then settle. */
  unsettle(address: number, mask: number): void {
    if (this.unstableReads === 0 || mask === 0) return;
    this.unstable.set(address, { mask, readsLeft: Math.ceil(this.random() * this.unstableReads) });
  }

  /** Turns one bit over, as decay does. */
  flip(address: number, bit: number): void {
    const stretch = this.stretchOf(address, 1);
    const mask = 1 << bit;
    stretch.bytes[address - stretch.address] ^= mask;
    const isZero = (stretch.bytes[address - stretch.address] & mask) === 0;
    const others = (this.turned.get(address) ?? 0) & ~mask;
    this.turned.set(address, isZero ? others | mask : others);
    this.onChanged?.({ kind: "other", address, bytes: 1 });
  }

  /** Makes the page at `address` blank, as harm from outside does: nothing is counted. */
  blank(address: number): void {
    const stretch = this.stretchOf(address, 1);
    const start = address - stretch.address;
    stretch.bytes.fill(0xff, start, start + stretch.pageBytes);
    this.settle(address, stretch.pageBytes);
    this.onChanged?.({ kind: "other", address, bytes: stretch.pageBytes });
  }

  /** Nothing is left of what these cells went through. */
  private settle(address: number, bytes: number): void {
    if (this.unstable.size + this.turned.size === 0) return;
    for (let i = address; i < address + bytes; i++) {
      this.unstable.delete(i);
      this.turned.delete(i);
    }
  }

  private mustBePowered(): void {
    if (!this.powered) throw new FlashMisuse("flash used while the power is off");
  }

  private stretchOf(address: number, bytes: number): Stretch {
    for (const stretch of this.stretches) {
      if (address >= stretch.address && address + bytes <= stretch.end) return stretch;
    }
    throw new FlashMisuse(`0x${address.toString(16)}, ${bytes} bytes, is outside the flash`);
  }

  private cutsWithin(bytes: number): boolean {
    this.operationsLeft -= 1;
    this.bytesLeft -= bytes;
    return this.operationsLeft <= 0 || this.bytesLeft <= 0;
  }

  private cutProgram(stretch: Stretch, start: number, data: Uint8Array): never {
    const before = stretch.bytes.slice(start, start + data.length);
    const torn = this.tear.program(before, data, this.random);
    for (let i = 0; i < data.length; i++) {
      const wanted = before[i] & data[i];
      if ((torn[i] & ~before[i]) !== 0 || (wanted & ~torn[i]) !== 0) throw new FlashMisuse("an impossible tear");
      stretch.bytes[start + i] = torn[i];
      this.unsettle(stretch.address + start + i, before[i] & ~data[i]);
    }
    this.onChanged?.({ kind: "other", address: stretch.address + start, bytes: data.length });
    this.powerOff();
  }

  private shake(stretch: Stretch, start: number, copy: Uint8Array): void {
    for (let i = 0; i < copy.length; i++) {
      const address = stretch.address + start + i;
      const cell = this.unstable.get(address);
      if (!cell) continue;
      const noisy = (copy[i] & ~cell.mask) | (Math.floor(this.random() * 256) & cell.mask);
      copy[i] = noisy;
      if (--cell.readsLeft > 0) continue;
      stretch.bytes[start + i] = noisy;
      this.unstable.delete(address);
      this.onChanged?.({ kind: "other", address, bytes: 1 });
    }
  }
}
