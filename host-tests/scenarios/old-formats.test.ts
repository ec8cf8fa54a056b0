/** An update of the firmware on a unit whose samples the last version wrote: all of them reach the server. */
import { expect, test } from "vitest";
import { BlynkStandIn } from "../../scripts/blynk-stand-in/stand-in.ts";
import { buildDevice } from "../../scripts/simulator/device-source.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import type { GeneratedDevice } from "../../scripts/simulator/simulate.ts";
import { askStatus, createUnit } from "../../scripts/simulator/unit.ts";
import { createWorld } from "../../scripts/simulator/world.ts";
import {
  type HeldStream,
  IMAGE_NAMES,
  IMAGE_VERSIONS,
  type ImageContents,
  readImage,
} from "../support/old-formats/images.ts";

const SEED = Number(process.env.SIM_SEED ?? 1);
const TOKEN = "simulated-token-0123456789abcdef";
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const DEVICE: GeneratedDevice = {
  streams: [
    { pin: "v1", name: "temperature", intervalMs: MINUTE_MS, decimals: 1 },
    { pin: "v2", name: "light", intervalMs: MINUTE_MS, decimals: 0 },
    { pin: "v3", name: "battery", intervalMs: MINUTE_MS, decimals: 2 },
  ],
  value: (stream) => (stream.pin === "v1" ? 21.5 : 4),
};

/** Boots today's firmware on the image, five minutes after it was taken, and runs it until all that waited then is sent. */
async function update(bytes: Uint8Array, contents: ImageContents) {
  const startMs = contents.trueMs + 5 * MINUTE_MS;
  const script = { start: startMs };
  const world = createWorld(startMs);
  const standIn = new BlynkStandIn({ tokens: [TOKEN] });
  const root = createPrng(SEED, "old-formats");
  const program = await buildDevice(DEVICE, startMs);
  const unit = createUnit({ device: DEVICE, program, script, world, standIn, root, token: TOKEN });
  unit.flash.bytes.set(bytes);
  unit.board.powerOn();
  const status = () => askStatus(unit.board);
  for (let day = 0.25; ; day += 0.25) {
    while (world.nextMs() <= day * DAY_MS) world.step();
    const pending = status()?.streams.reduce((sum, stream) => sum + stream.pending, 0) ?? 0;
    if (pending < 10 || day > 12) break;
  }
  return { unit, standIn, status: status() };
}

/** The points that the samples waiting on the image should become. */
function waitingPoints(stream: HeldStream): { ts: number; value: number }[] {
  const scale = 10 ** stream.decimals;
  const from = stream.rawMs.length - stream.totals.pending;
  const points: { ts: number; value: number }[] = [];
  for (let i = from; i < stream.rawMs.length; i++) {
    const value = stream.values[i];
    if (value !== null) points.push({ ts: stream.trueMs[i] as number, value: value / scale });
  }
  return points;
}

test.each(IMAGE_VERSIONS.flatMap((version) => IMAGE_NAMES.map((name) => ({ version, name }))))(
  "delivers what waits on a region of format $version, $name, with the times it always had",
  { timeout: 60_000 },
  async ({ version, name }) => {
    const { bytes, contents } = readImage(version, name);
    const { unit, standIn, status } = await update(bytes, contents);
    expect(unit.board.uncaught).toEqual([]);
    expect(standIn.violations).toEqual([]);
    expect(status?.ring.keptPages).toBe(0);
    for (const stream of contents.streams) {
      const now = status?.streams.find((one) => one.pin === `v${stream.pin}`);
      const { sampled, delivered, pending, dropped } = now as NonNullable<typeof now>;
      const gone = Object.values(dropped).reduce((sum, count) => sum + count, 0);
      expect(delivered + pending + gone, "sampled").toBe(sampled);
      const held = [...standIn.points()].filter((point) => point.pin === `v${stream.pin}`);
      expect(held, "delivered").toHaveLength(delivered - stream.counters.delivered);
      // A full ring lets the oldest go while it drains.
      const overwritten = dropped.overwritten - stream.counters.overwritten;
      if (name !== "full-ring") expect(overwritten).toBe(0);
      const arrived = new Map(held.map((point) => [point.ts, Number(point.value)]));
      const missing = waitingPoints(stream).filter((point) => arrived.get(point.ts) !== point.value);
      // Readings that are no number are never sent. Some may have been overwritten before anybody looked at them.
      const blanks = stream.totals.pending - waitingPoints(stream).length;
      const blanksSeen = dropped.unrepresentable - stream.counters.unrepresentable;
      expect(missing, "samples that did not arrive with their time").toHaveLength(overwritten - (blanks - blanksSeen));
    }
  },
);
