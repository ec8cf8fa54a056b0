/**
 * Espruino's `Pin`, `OneWire` and I²C ports with chips on their wires, written from the source of c5ff787b1 (2v29.277):
 * src/jswrap_onewire.c, targets/esp32/jshardwareI2c.c.
 */

/** What is wired to a machine's pins. */
export interface Wiring {
  /** Addresses on each 1-Wire pin, 16 hexadecimal digits, as the chips have them. */
  oneWire?: { [pin: string]: string[] };
  /** Chips on each I²C bus, by "SDA SCL"; "hangs" for a line that is shorted to ground. */
  i2c?: { [pins: string]: { [address: number]: I2cChip } | "hangs" };
}

/** "always" acknowledges every transfer, "after a command" refuses a read before one, as Sensirion's chips do. */
type I2cChip = "always" | "after a command";

/** One transfer, as a test looks at it. */
export interface I2cTransfer {
  address: number;
  read?: number;
  written?: number[];
}

/** The globals of a machine. `transfers` gets every I²C transfer. */
export function fakeBuses(wiring: Wiring, transfers: I2cTransfer[]): Record<string, unknown> {
  return {
    // A function that returns an object does as a constructor.
    Pin: function Pin(name: string) {
      return { toString: () => name };
    },
    OneWire: function OneWire(pin: object) {
      return { search: () => searchOrder(wiring.oneWire?.[`${pin}`] ?? []) };
    },
    I2C1: fakeI2c(wiring, transfers),
    I2C2: fakeI2c(wiring, transfers),
  };
}

/** The search takes the branch of 0 first, from the lowest bit of the first byte on. It ends at a first byte of 0. */
function searchOrder(addresses: string[]): string[] {
  const bits = (address: string) =>
    [...Buffer.from(address, "hex")].map((byte) => [...byte.toString(2).padStart(8, "0")].reverse().join("")).join("");
  const inOrder = [...addresses].sort((one, other) => (bits(one) < bits(other) ? -1 : 1));
  const end = inOrder.findIndex((address) => address.startsWith("00"));
  return end < 0 ? inOrder : inOrder.slice(0, end);
}

function fakeI2c(wiring: Wiring, transfers: I2cTransfer[]) {
  let pins: string | undefined;

  function chipAt(caller: string, address: number): I2cChip {
    // ESP-IDF refuses a port without a driver with ESP_ERR_INVALID_STATE.
    if (pins === undefined) throw new Error(`${caller}:, unknown error code 259`);
    const chips = wiring.i2c?.[pins] ?? {};
    if (chips === "hangs") throw new Error(`${caller}:, Operation timeout because the bus is busy`);
    if (chips[address] === undefined) throw notAcknowledged(caller);
    return chips[address];
  }

  return {
    setup({ sda, scl }: { sda: object; scl: object }) {
      pins = `${sda} ${scl}`;
    },
    readFrom(address: number, bytes: number) {
      transfers.push({ address, read: bytes });
      if (chipAt("jshI2CRead", address) !== "always") throw notAcknowledged("jshI2CRead");
      return new Uint8Array(bytes);
    },
    writeTo(address: number, ...data: (number | number[])[]) {
      transfers.push({ address, written: data.flat() });
      chipAt("jshI2CWrite", address);
    },
  };
}

function notAcknowledged(caller: string): Error {
  return new Error(`${caller}: slave doesn't ACK the transfer`);
}
