import { describe, expect, test } from "vitest";
import { celsiusOf, ds18b20, oneWireCrc } from "../../../firmware/sensors/ds18b20.ts";
import { ONE_WIRE_SENSORS } from "../../interpreter/contracts/one-wire-sensors.ts";
import { expectKept } from "../../support/sensor-lab.ts";

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (one) => Number.parseInt(one, 16));

/** A scratchpad as after a conversion, at 12 bits. */
function scratchpad(raw: number): Uint8Array {
  const pad = [raw & 255, (raw >> 8) & 255, 0x4b, 0x46, 0x7f, 0xff, 16 - (raw & 15), 0x10];
  return Uint8Array.from([...pad, oneWireCrc(pad)]);
}

test.each(ONE_WIRE_SENSORS)("$title", expectKept);

describe("the CRC of 1-Wire", () => {
  test("gives the example of Maxim's application note 27", () => {
    expect(oneWireCrc(bytes("021cb801000000"))).toBe(0xa2);
    expect(oneWireCrc(bytes("021cb801000000a2"))).toBe(0);
  });

  test("fits a recorded scratchpad of a chip after power-on", () => {
    expect(oneWireCrc(bytes("50054b467fff0c101c"))).toBe(0);
  });
});

// Datasheet 19-7487, table 1.
test.each([
  [0x07d0, 125],
  [0x0550, 85],
  [0x0191, 25.0625],
  [0x00a2, 10.125],
  [0x0008, 0.5],
  [0x0000, 0],
  [0xfff8, -0.5],
  [0xff5e, -10.125],
  [0xfe6f, -25.0625],
  [0xfc90, -55],
])("raw %i is %f °C, as in the datasheet's table", (raw, celsius) => {
  expect(celsiusOf(scratchpad(raw))).toBe(celsius);
});

test("85 °C of a chip that has not converted since power-on is refused", () => {
  expect(() => celsiusOf(bytes("50054b467fff0c101c"))).toThrow("lost its power");
});

test("an address with a typing error is refused while the device file loads", () => {
  expect(() => ds18b20("D13", "28ff641e8416d365")).toThrow("no 1-Wire address");
  expect(() => ds18b20("D13", "28ff641e8416d3")).toThrow("no 1-Wire address");
  expect(() => ds18b20("D13", "28FF641E8416D364")).not.toThrow();
});
