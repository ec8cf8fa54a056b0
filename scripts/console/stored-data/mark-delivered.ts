import { LIMITS } from "../../../firmware/limits.ts";
import { bankPagesOf } from "../../../firmware/storage/geometry.ts";
import { isAhead } from "../../../firmware/storage/ledger/ledger.ts";
import { FieldError } from "../terminal/field-error.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import { readFlash } from "../unit/device-flash.ts";
import type { RegionCopy } from "./data-region.ts";
import { type FlashChange, imageOf } from "./flash-image.ts";
import { mountCopy, pinsOf, type StoredData } from "./stored-samples.ts";

/** Per pin, the position up to which the server has the samples. */
export type Delivered = Map<number, number>;

/** The ends of everything that is stored: all samples count as delivered. */
export function endsOf(data: StoredData): Delivered {
  const ends: Delivered = new Map();
  for (const pin of pinsOf(data)) {
    let end = data.ledger.cursor(pin);
    for (;;) {
      const next = data.ring.end(pin, end, Number.MAX_SAFE_INTEGER);
      if (next === end) break;
      end = next;
    }
    ends.set(pin, end);
  }
  return ends;
}

/** The cursors of the ledger: what was delivered so far. */
export function cursorsOf(data: StoredData): Delivered {
  return new Map(pinsOf(data).map((pin) => [pin, data.ledger.cursor(pin)]));
}

/**
 * Moves the cursors in a copy as the firmware does after an accepted batch, and returns how many samples that marked. The
 * points are charged to the day's allowance as sent now: the real time is not known here, and a charge with too early a
 * time would let the device exceed the server's limit.
 */
function markInCopy(data: StoredData, delivered: Delivered): number {
  let marked = 0;
  const rawMs = Math.max(data.ledger.lastRawMs(), data.ring.lastRawMs());
  for (const [pin, end] of delivered) {
    for (;;) {
      const from = data.ledger.cursor(pin);
      if (!isAhead(end, from)) break;
      const far = data.ring.end(pin, from, LIMITS.pointsPerRequestMax);
      const to = isAhead(far, end) ? end : far;
      if (to === from) break;
      const points = data.ring.count(pin, from, to);
      data.ledger.recordAttempt({
        pin,
        from,
        to,
        points,
        bodyBytes: 0,
        rawMs,
        fixId: 0,
        thinEvery: 1,
        thinPhase: 0,
        afterTrueMs: data.ledger.lastTrueMs(pin),
      });
      data.ledger.settle(pin, rawMs, {
        delivered: points,
        thinned: 0,
        undatable: 0,
        unrepresentable: 0,
        corrupt: 0,
        lastTrueMs: data.ledger.lastTrueMs(pin),
      });
      marked += points;
    }
  }
  return marked;
}

/**
 * Moves the cursors on a device, and returns how many samples that marked. It stops the device's program first, because
 * only one program may write the ledger; the caller restarts the device. The pages of samples are not written at all.
 */
export async function markOnDevice(device: DeviceConsole, copy: RegionCopy, delivered: Delivered): Promise<number> {
  const { region } = copy;
  const bankBytes = 2 * bankPagesOf(region.pageBytes) * region.pageBytes;
  await device.evaluate("(reset(),0)");
  const fresh = await readFlash(device, region.address, bankBytes);
  const bytes = new Uint8Array(region.bytes);
  bytes.set(copy.image.read(region.bytes, region.address));
  bytes.set(fresh);
  const image = imageOf(bytes, region.address, region.pageBytes);
  const data = mountCopy({ region, image });
  const changes: FlashChange[] = [];
  image.onWrite = (change) => changes.push(change);
  const marked = markInCopy(data, delivered);
  for (const change of changes) {
    if (change.address < region.address || change.address + change.bytes > region.address + bankBytes) {
      throw new Error(`a change at 0x${change.address.toString(16)} is outside the ledger`);
    }
  }
  for (const change of changes) await applyChange(device, change);
  const stored = await readFlash(device, region.address, bankBytes);
  if (!Buffer.from(stored).equals(Buffer.from(image.read(bankBytes, region.address)))) {
    throw new FieldError(
      "The ledger on the device differs from what was written.",
      "The device's flash may be failing: run `npm run doctor`. The samples are untouched, but the device may send them a second time.",
    );
  }
  return marked;
}

async function applyChange(device: DeviceConsole, change: FlashChange): Promise<void> {
  if (change.data === undefined) {
    await device.evaluate(`(require("Flash").erasePage(${change.address}),0)`);
    return;
  }
  const text = Buffer.from(change.data).toString("base64");
  await device.evaluate(`(require("Flash").write(E.toUint8Array(atob("${text}")),${change.address}),0)`);
}
