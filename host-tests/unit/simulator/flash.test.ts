import { expect, test } from "vitest";
import { FlashMisuse, PowerCut, randomTear, SimulatedFlash } from "../../../scripts/simulator/flash.ts";

const create = (options = {}) => new SimulatedFlash({ address: 0x1000, pageBytes: 256, pages: 2, ...options });

test("starts blank and keeps what is programmed", () => {
  const flash = create();
  expect([...flash.read(2, 0x1000)]).toEqual([255, 255]);
  flash.write(Uint8Array.of(0x0f, 0xf0), 0x1000);
  flash.write(Uint8Array.of(0x0e), 0x1000);
  expect([...flash.read(3, 0x1000)]).toEqual([0x0e, 0xf0, 255]);
});

test("refuses to turn a 0 into a 1", () => {
  const flash = create({ content: 0 });
  expect(() => flash.write(Uint8Array.of(1), 0x1000)).toThrow(FlashMisuse);
  flash.erasePage(0x1000);
  flash.write(Uint8Array.of(1), 0x1000);
});

test("refuses what lies outside", () => {
  const flash = create();
  expect(() => flash.read(1, 0xfff)).toThrow(FlashMisuse);
  expect(() => flash.read(2, 0x11ff)).toThrow(FlashMisuse);
  expect(() => flash.write(Uint8Array.of(1), 0x1200)).toThrow(FlashMisuse);
  expect(() => flash.erasePage(0x1200)).toThrow(FlashMisuse);
  expect(() => flash.erasePage(0x1010)).toThrow(FlashMisuse);
});

test("erases one page and counts its wear", () => {
  const flash = create({ content: 0 });
  flash.erasePage(0x1100);
  expect(flash.bytes[0]).toBe(0);
  expect(flash.bytes[256]).toBe(255);
  expect([...flash.wear]).toEqual([0, 1]);
});

test("counts reads, programs and erases", () => {
  const flash = create();
  flash.read(10, 0x1000);
  flash.write(Uint8Array.of(1, 2, 3), 0x1000);
  flash.erasePage(0x1000);
  expect(flash.counts).toEqual({ reads: 1, writes: 1, erases: 1, bytesRead: 10, bytesWritten: 3 });
});

test("cuts the power inside the n-th operation and refuses everything until it is back", () => {
  const flash = create();
  flash.cutAtOperation(2, { ...randomTear, program: (_, wanted) => Uint8Array.of(wanted[0], 255) });
  flash.write(Uint8Array.of(1), 0x1000);
  expect(() => flash.write(Uint8Array.of(2, 2), 0x1001)).toThrow(PowerCut);
  expect(() => flash.read(1, 0x1000)).toThrow(FlashMisuse);
  expect(() => flash.erasePage(0x1000)).toThrow(FlashMisuse);
  flash.powerOn();
  expect([...flash.read(3, 0x1000)]).toEqual([1, 2, 255]);
});

test("cuts the power at the n-th byte", () => {
  const flash = create();
  flash.cutAtByte(5);
  flash.write(Uint8Array.of(1, 2, 3, 4), 0x1000);
  expect(() => flash.write(Uint8Array.of(5, 6), 0x1004)).toThrow(PowerCut);
});

test("tears a program into a subset of its bits only", () => {
  for (let seed = 1; seed < 50; seed++) {
    let state = seed;
    const random = () => {
      state = (state * 16807) % 2147483647;
      return state / 2147483647;
    };
    const flash = create({ random });
    flash.cutAtOperation(1);
    expect(() => flash.write(Uint8Array.of(0x55, 0x00, 0xf0), 0x1000)).toThrow(PowerCut);
    expect(flash.bytes[0] & 0x55).toBe(0x55);
    expect(flash.bytes[2] & 0xf0).toBe(0xf0);
  }
});

test("lets unstable cells answer at random, then settle", () => {
  let call = 0;
  const flash = create({ unstableReads: 4, random: () => [0.99, 0.1, 0.9, 0.2, 0.999][call++ % 5] });
  flash.unsettle(0x1000, 0xff);
  const answers = [0, 1, 2, 3].map(() => flash.read(1, 0x1000)[0]);
  expect(new Set(answers).size).toBeGreaterThan(1);
  expect(flash.read(1, 0x1000)[0]).toBe(answers[3]);
  expect(flash.bytes[0]).toBe(answers[3]);
});

test("flips bits and loses programs when told to", () => {
  const flash = create();
  flash.flip(0x1000, 3);
  expect(flash.read(1, 0x1000)[0]).toBe(0xf7);
  flash.failing = () => true;
  flash.write(Uint8Array.of(0), 0x1001);
  expect(flash.read(1, 0x1001)[0]).toBe(255);
});

test("covers several ranges sparsely", () => {
  const flash = new SimulatedFlash({
    ranges: [
      { address: 0x8000, pageBytes: 4096, pages: 1, content: Uint8Array.of(0xaa, 0x50) },
      { address: 0x310000, pageBytes: 4096, pages: 16 },
    ],
  });
  expect([...flash.read(3, 0x8000)]).toEqual([0xaa, 0x50, 255]);
  flash.write(Uint8Array.of(7), 0x31ffff);
  expect(flash.bytesAt(0x310000)[0xffff]).toBe(7);
  expect(() => flash.read(1, 0x9000)).toThrow(FlashMisuse);
});

test("lets a cell be programmed that decayed, since nobody can know it; reading back shows it", () => {
  const flash = create();
  flash.flip(0x1000, 3);
  flash.write(Uint8Array.of(0xff, 0x0f), 0x1000);
  expect([...flash.read(2, 0x1000)]).toEqual([0xf7, 0x0f]);
  expect(() => flash.write(Uint8Array.of(0xff), 0x1001)).toThrow(FlashMisuse);
  flash.erasePage(0x1000);
  flash.write(Uint8Array.of(0xf7), 0x1000);
  expect(() => flash.write(Uint8Array.of(0xff), 0x1000)).toThrow(FlashMisuse);
});
