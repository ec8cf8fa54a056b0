import type { I2c } from "./ports.ts";

/** The pins of the hardware ports I2C1 and I2C2, as "SDA SCL". "" is free. */
let firstPins = "";
let secondPins = "";

/**
 * An I²C bus of 100 kHz on two pins. Sensors on the same pins share it. An ESP32 has two, an ESP32-C3 one. Throws when the
 * device file needs a third. Espruino turns the pins' own pull-ups on, of some 45 kΩ, which is too weak alone
 * (targets/esp32/jshardwareI2c.c; ESP32 datasheet v3.9 table 4-3).
 */
export function openI2c(sda: string, scl: string): I2c {
  const pins = `${sda} ${scl}`;
  if (firstPins === "") firstPins = pins;
  const isFirst = firstPins === pins;
  if (!isFirst) {
    if (secondPins === "") secondPins = pins;
    if (secondPins !== pins) throw new Error(`the chip has two I2C buses: no third on ${pins}`);
  }
  let ready = false;

  /** An exception (no chip acknowledged, or the bus hangs) sets the port up again next time, which frees a bus that hangs. */
  function transfer<T>(use: (port: EspruinoI2c) => T): T {
    const port = isFirst ? I2C1 : I2C2;
    if (!ready) port.setup({ sda: new Pin(sda), scl: new Pin(scl), bitrate: 100000 });
    ready = false;
    const result = use(port);
    ready = true;
    return result;
  }

  return {
    write(address, bytes) {
      transfer((port) => port.writeTo(address, bytes));
    },
    read(address, bytes) {
      return transfer((port) => port.readFrom(address, bytes));
    },
  };
}
