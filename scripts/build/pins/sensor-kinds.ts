/** The kinds of sensors under firmware/sensors: how each is called, and what it measures. Not in the firmware: it has no room. */

/** What a pin of a sensor has to be able to do. */
export type PinNeed = "analog" | "pull-up" | "drive" | "any";

/** One argument of a sensor's function. */
export type Argument =
  | { name: string; is: "pin"; need: PinNeed; what: string }
  | { name: string; is: "choice"; of: number[]; what: string }
  | { name: string; is: "text"; what: string }
  | { name: string; is: "function"; what: string }
  | { name: string; is: "settings"; members: Setting[] };

/**
 * A member of a sensor's settings. It may be left out, unless it is `needed`. `initial`: what a new device
 * file starts with, `unless` it has that other setting.
 */
export type Setting =
  | {
      name: string;
      is: "number";
      what: string;
      needed?: true;
      min?: number;
      isWhole?: true;
      initial?: number;
      unless?: string;
    }
  | { name: string; is: "choice"; of: string[]; what: string };

export interface Quantity {
  /** The member of what the function returns; undefined where the function returns the sensor itself. */
  member?: string;
  /** Name of its datastream, unless the user gives another one. */
  name: string;
  unit: string;
  decimals: number;
}

export interface SensorKind {
  /** Of the function: `bme280`. */
  name: string;
  /** Of its file under firmware/sensors, without ".ts". */
  file: string;
  what: string;
  args: Argument[];
  quantities: Quantity[];
  /** Arguments as a device file may have them, for messages: `"D34", { scale: 100 }`. */
  example: string;
  /** The shortest interval that its file's head comment advises. Default 1 s. */
  intervalMinMs?: number;
}

const TEMPERATURE: Quantity = { member: "temperature", name: "temperature", unit: "°C", decimals: 1 };
const HUMIDITY: Quantity = { member: "humidity", name: "humidity", unit: "%", decimals: 1 };
const PRESSURE: Quantity = { member: "pressure", name: "pressure", unit: "hPa", decimals: 1 };
const SDA: Argument = { name: "sda", is: "pin", need: "drive", what: "I²C data (SDA)" };
const SCL: Argument = { name: "scl", is: "pin", need: "drive", what: "I²C clock (SCL)" };
const ADC: Argument = { name: "pin", is: "pin", need: "analog", what: "analog input" };
const AVERAGE_OF: Setting = {
  name: "averageOf",
  is: "number",
  min: 1,
  isWhole: true,
  what: "number of readings that are averaged",
};

function i2cAddress(...of: number[]): Argument {
  return { name: "address", is: "choice", of, what: "I²C address" };
}

function needed(name: string, what: string, initial: number): Setting {
  return { name, is: "number", needed: true, what, initial };
}

function optional(name: string, what: string, min?: number, initial?: number): Setting & { is: "number" } {
  return { name, is: "number", what, min, initial };
}

/** In the order in which `npm run new` offers them. */
export const SENSOR_KINDS: SensorKind[] = [
  {
    name: "analog",
    file: "analog",
    what: "anything that gives a voltage: TMP36, light-dependent resistor, potentiometer",
    args: [
      ADC,
      {
        name: "settings",
        is: "settings",
        members: [
          needed("scale", "value at full scale (3.3 V), less the offset", 100),
          optional("offset", "value at 0 V"),
          AVERAGE_OF,
          optional("min", "smallest value that the sensor can give"),
          optional("max", "largest value that the sensor can give"),
        ],
      },
    ],
    quantities: [{ name: "analog", unit: "", decimals: 2 }],
    example: '"D34", { scale: 100 }',
  },
  {
    name: "battery",
    file: "battery",
    what: "battery voltage over two resistors",
    args: [
      ADC,
      {
        name: "settings",
        is: "settings",
        members: [
          optional("ratio", "(r1 + r2) / r2", 1),
          { ...optional("r1", "resistor from the battery to the pin", 0, 100), unless: "ratio" },
          { ...optional("r2", "resistor from the pin to ground", 0, 100), unless: "ratio" },
          optional("fullScaleV", "voltage at full scale, by calibration", 0),
          AVERAGE_OF,
        ],
      },
    ],
    quantities: [{ name: "battery", unit: "V", decimals: 2 }],
    example: '"D34", { r1: 100, r2: 100 }',
  },
  {
    name: "bme280",
    file: "bme280",
    what: "BME280: temperature, pressure, humidity (I²C)",
    args: [SDA, SCL, i2cAddress(0x76, 0x77)],
    quantities: [TEMPERATURE, HUMIDITY, PRESSURE],
    example: '"D21", "D22"',
  },
  {
    name: "bmp280",
    file: "bme280",
    what: "BMP280: temperature, pressure (I²C)",
    args: [SDA, SCL, i2cAddress(0x76, 0x77)],
    quantities: [TEMPERATURE, PRESSURE],
    example: '"D21", "D22"',
  },
  {
    name: "dht22",
    file: "dht22",
    what: "DHT22, AM2302: temperature, humidity",
    args: [{ name: "pin", is: "pin", need: "drive", what: "data" }],
    quantities: [TEMPERATURE, HUMIDITY],
    example: '"D4"',
    intervalMinMs: 5000,
  },
  {
    name: "ds18b20",
    file: "ds18b20",
    what: "DS18B20: temperature (1-Wire)",
    args: [
      { name: "pin", is: "pin", need: "drive", what: "data (1-Wire)" },
      { name: "rom", is: "text", what: "address, 16 hexadecimal digits, if several are on the wire" },
    ],
    quantities: [{ ...TEMPERATURE, member: undefined }],
    example: '"D13"',
  },
  {
    name: "hx711",
    file: "hx711",
    what: "HX711 with a load cell: weight",
    args: [
      { name: "data", is: "pin", need: "any", what: "data (DT)" },
      { name: "clock", is: "pin", need: "drive", what: "clock (SCK)" },
      {
        name: "settings",
        is: "settings",
        members: [
          needed("tare", "raw value of the empty scale", 0),
          needed("scale", "weight of one step of the raw value", 1),
        ],
      },
    ],
    quantities: [{ name: "weight", unit: "", decimals: 3 }],
    example: '"D16", "D17", { tare: 84210, scale: 0.00231 }',
  },
  {
    name: "pulse",
    file: "pulse",
    what: "pulses: rain gauge, water or power meter, anemometer",
    args: [
      { name: "pin", is: "pin", need: "pull-up", what: "contact to ground" },
      {
        name: "settings",
        is: "settings",
        members: [
          optional("perPulse", "what one pulse stands for", undefined, 1),
          { name: "edge", is: "choice", of: ["rising", "falling"], what: "edge that counts" },
          optional("debounceMs", "ms in which further edges are bounces (reed contact: 20)", 0, 20),
        ],
      },
    ],
    quantities: [{ name: "pulses", unit: "", decimals: 2 }],
    example: '"D27", { perPulse: 0.2794, debounceMs: 20 }',
  },
  {
    name: "scd4x",
    file: "scd4x",
    what: "SCD40, SCD41: CO2, temperature, humidity (I²C)",
    args: [SDA, SCL],
    quantities: [{ member: "co2", name: "co2", unit: "ppm", decimals: 0 }, TEMPERATURE, HUMIDITY],
    example: '"D21", "D22"',
    intervalMinMs: 10_000,
  },
  {
    name: "sht3x",
    file: "sht3x",
    what: "SHT30, SHT31, SHT35: temperature, humidity (I²C)",
    args: [SDA, SCL, i2cAddress(0x44, 0x45)],
    quantities: [TEMPERATURE, HUMIDITY],
    example: '"D21", "D22"',
  },
  {
    name: "sht4x",
    file: "sht4x",
    what: "SHT40, SHT41, SHT45: temperature, humidity (I²C)",
    args: [SDA, SCL, i2cAddress(0x44, 0x45, 0x46)],
    quantities: [TEMPERATURE, HUMIDITY],
    example: '"D21", "D22"',
  },
  {
    name: "soil",
    file: "soil",
    what: "capacitive soil probe: moisture",
    args: [
      ADC,
      {
        name: "settings",
        is: "settings",
        members: [
          needed("dry", "fraction of full scale, the probe in air", 0.71),
          needed("wet", "fraction of full scale, the probe in water", 0.2),
          AVERAGE_OF,
        ],
      },
    ],
    quantities: [{ name: "soil", unit: "%", decimals: 0 }],
    example: '"D33", { dry: 0.71, wet: 0.32 }',
  },
  {
    name: "custom",
    file: "custom",
    what: "a function of your own",
    args: [{ name: "read", is: "function", what: "function that returns a number" }],
    quantities: [{ name: "custom", unit: "", decimals: 2 }],
    example: "() => 42",
  },
];

export function findSensorKind(name: string): SensorKind | undefined {
  return SENSOR_KINDS.find((kind) => kind.name === name);
}

/** Whether an argument may be left out. */
export function isOptional(argument: Argument): boolean {
  if (argument.is === "settings") return false;
  return argument.is === "choice" || argument.is === "text";
}

/** How the function is called, for messages: `analog("D34", { scale: 100 })`. */
export function exampleCall(kind: SensorKind): string {
  return `${kind.name}(${kind.example})`;
}
