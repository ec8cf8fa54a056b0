import { LIMITS } from "../../../firmware/limits.ts";
import { bankPagesOf } from "../../../firmware/storage/geometry.ts";
import { isAhead } from "../../../firmware/storage/ledger/ledger.ts";
import { FieldError } from "../terminal/field-error.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import type { RegionCopy } from "./data-region.ts";
import { type FlashChange, imageOf } from "./region-copy.ts";
import { mountCopy, pinsOf, type StoredData } from "./stored-samples.ts";

/** Per pin, the position up to which the server has the samples. */
export type Delivered = Map<number, number>;

/** Everything that is stored now. */
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

/** How far a rescue got, by its own ledger. */
export function cursorsOf(data: StoredData): Delivered {
  return new Map(pinsOf(data).map((pin) => [pin, data.ledger.cursor(pin)]));
}

/**
 * Moves the cursors in a copy as the firmware does after an accepted batch. The points are charged to the day's
 * allowance: when they were really sent is not known here, and too early a charge would break the server's limit.
 * Returns how many samples that settled.
 */
export function markInCopy(data: StoredData, delivered: Delivered): number {
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
        ...{ pin, from, to, points, bodyBytes: 0, rawMs, fixId: 0, thinEvery: 1, thinPhase: 0 },
        afterTrueMs: data.ledger.lastTrueMs(pin),
      });
      data.ledger.settle(pin, rawMs, {
        ...{ delivered: points, thinned: 0, undatable: 0, unrepresentable: 0, corrupt: 0 },
        lastTrueMs: data.ledger.lastTrueMs(pin),
      });
      marked += points;
    }
  }
  return marked;
}

/**
 * Does the same on a device. Its program is stopped meanwhile, since only one may write the ledger; the pages of samples
 * are not written at all. The caller restarts it. Returns how many samples that settled.
 */
export async function markOnDevice(device: DeviceConsole, copy: RegionCopy, delivered: Delivered): Promise<number> {
  const { region } = copy;
  const bankBytes = 2 * bankPagesOf(region.pageBytes) * region.pageBytes;
  await device.evaluate("(reset(),0)");
  const fresh = await readBytes(device, region.address, bankBytes);
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
  const stored = await readBytes(device, region.address, bankBytes);
  if (!Buffer.from(stored).equals(Buffer.from(image.read(bankBytes, region.address)))) {
    throw new FieldError(
      "The ledger on the device is not what was written.",
      "Its flash may be failing: run `npm run doctor`. The samples are untouched, and may be sent a second time.",
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

async function readBytes(device: DeviceConsole, address: number, bytes: number): Promise<Uint8Array> {
  const all = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 1024) {
    all.set(await device.evaluateBytes(`E.toString(require("Flash").read(1024,${address + at}))`), at);
  }
  return all;
}
