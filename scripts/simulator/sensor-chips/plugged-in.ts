/** The sensor chips of an observed device: one of each kind, on whatever pins the device file names, showing a plausible room. */
import { createBoschChip } from "./bosch-chip.ts";
import { createDht22Chip, type Dht22Chip, dhtFrame } from "./dht22-chip.ts";
import { createDs18b20Chip, type Ds18b20Chip } from "./ds18b20-chip.ts";
import { createHx711Chip, createSoftSpi, type Hx711Chip, type SoftSpi } from "./hx711-chip.ts";
import { createI2cPort, type I2cChip, type I2cPort } from "./i2c-port.ts";
import { createOneWireLine, type OneWireLine } from "./one-wire-line.ts";
import { createScd4xChip } from "./scd4x-chip.ts";
import { createShtChip } from "./sht-chip.ts";

/** ROM code of the DS18B20 that answers where the device file names none. */
export const FIRST_ROM = "28ff641e8416d364";

export interface PluggedIn {
  /** A new line, with a DS18B20 on it for every address that is asked for. */
  oneWire(): OneWireLine;
  i2c(): I2cPort;
  /** The DHT22 on a pin. */
  dht22(pin: number): Dht22Chip;
  /** A software SPI port with a HX711 on it. */
  spi(): SoftSpi & { chip: Hx711Chip };
}

/** `room(low, high)` is a plausible value between the two. */
export function createPluggedIn(nowMs: () => number, room: (low: number, high: number) => number): PluggedIn {
  const humid = new Map<number, Dht22Chip>();

  function warm(chip: Ds18b20Chip): Ds18b20Chip {
    chip.raw = Math.round(room(15, 25) * 16);
    return chip;
  }

  return {
    oneWire() {
      const chips: Ds18b20Chip[] = [createDs18b20Chip(FIRST_ROM, nowMs)];
      const line = createOneWireLine(chips, () => false);
      return {
        ...line,
        select(rom) {
          if (rom.length === 16 && !chips.some((chip) => chip.rom === rom)) chips.push(createDs18b20Chip(rom, nowMs));
          line.select(rom);
        },
        write(bytes) {
          chips.forEach(warm);
          line.write(bytes);
        },
      };
    },
    i2c: () => roomPort(nowMs, room),
    dht22(pin) {
      const chip = humid.get(pin) ?? createDht22Chip(nowMs);
      humid.set(pin, chip);
      chip.bytes = dhtFrame(Math.round(room(300, 600)), Math.round(room(150, 250)));
      return chip;
    },
    spi() {
      const chip = createHx711Chip(nowMs);
      return { ...createSoftSpi(chip), chip };
    },
  };
}

function roomPort(nowMs: () => number, room: (low: number, high: number) => number): I2cPort {
  const bosch = [createBoschChip(0x60, 0x76, nowMs), createBoschChip(0x60, 0x77, nowMs)];
  const sht3x = [createShtChip("SHT3x", 0x44, nowMs), createShtChip("SHT3x", 0x45, nowMs)];
  const sht4x = [0x44, 0x45, 0x46].map((address) => createShtChip("SHT4x", address, nowMs));
  const scd4x = createScd4xChip(nowMs);
  const either = [oneOf(sht3x[0], sht4x[0]), oneOf(sht3x[1], sht4x[1]), sht4x[2]];
  const port = createI2cPort([...bosch, ...either, scd4x]);
  const { writeTo } = port;
  port.writeTo = (address, bytes) => {
    for (const chip of bosch) {
      // With Bosch's example calibration: 0.000315 °C and 0.0024 hPa a step, about.
      chip.adcTemperature = Math.round(519888 + room(-10, 0) / 0.000315);
      chip.adcPressure = Math.round(415148 + room(-6000, 6000));
      chip.adcHumidity = Math.round(room(25000, 30000));
    }
    for (const chip of [...sht3x, ...sht4x, scd4x]) chip.rawCelsius = Math.round(((room(15, 25) + 45) / 175) * 65535);
    for (const chip of [...sht3x, ...sht4x, scd4x]) chip.rawPercent = Math.round(room(0.3, 0.6) * 65535);
    scd4x.ppm = Math.round(room(450, 1100));
    writeTo(address, bytes);
  };
  return port;
}

/** Two chips at one address of which a device file has one: the one that knows the command answers. */
function oneOf(first: I2cChip, second: I2cChip): I2cChip {
  let asked = first;
  return {
    address: first.address,
    present: first.present,
    take(bytes) {
      asked = first.take(bytes) ? first : second;
      return asked === first || second.take(bytes);
    },
    give: (count) => asked.give(count),
  };
}
