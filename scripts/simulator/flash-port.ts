/**
 * The flash as the device's native code reaches it: each operation takes its time, writes outside the region are
 * refused, and a power cut inside an operation stops the device.
 */
import type { Boot } from "./boot.ts";
import type { MachineFlash } from "./espruino/chip-machine.ts";
import { PowerCut, type SimulatedFlash } from "./flash.ts";
import { PAGE_BYTES, type Region } from "./partitions.ts";
import type { Timing } from "./timing.ts";

export interface FlashPortOptions {
  flash: SimulatedFlash;
  /** The only place the firmware may write to. */
  region: Region;
  timing: Timing;
  boot(): Boot | undefined;
  /** A program of the region is complete. */
  onProgrammed(): void;
  /** The power went inside an operation. */
  onPowerCut(): void;
  /** The firmware did what hardware can't. */
  onMisuse(error: Error): void;
}

export function createFlashPort(options: FlashPortOptions): MachineFlash {
  const { flash, region, timing } = options;

  function failed(error: unknown): unknown {
    if (error instanceof PowerCut) options.onPowerCut();
    else options.onMisuse(error as Error);
    return error;
  }

  function guardRegion(address: number, bytes: number): void {
    if (address >= region.address && address + bytes <= region.address + region.bytes) return;
    const where = `${bytes} bytes at 0x${address.toString(16)}`;
    const error = new Error(`the firmware writes outside its region: ${where}`);
    options.onMisuse(error);
    throw error;
  }

  return {
    pageBytes: PAGE_BYTES,
    read(target, address) {
      try {
        flash.readInto(target, address);
        options.boot()?.block(timing.flashReadMs);
      } catch (error) {
        throw failed(error);
      }
    },
    write(data, address) {
      guardRegion(address, data.length);
      try {
        flash.write(data, address);
        options.boot()?.block(timing.flashWriteMs);
      } catch (error) {
        throw failed(error);
      }
      options.onProgrammed();
    },
    erasePage(address) {
      guardRegion(address, PAGE_BYTES);
      try {
        flash.erasePage(address);
        options.boot()?.block(timing.flashEraseMs);
      } catch (error) {
        throw failed(error);
      }
    },
  };
}
