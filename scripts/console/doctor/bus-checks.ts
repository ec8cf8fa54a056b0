/**
 * Which chips answer on the buses that the device file's sensors use.
 *
 * Espruino runs one thing at a time, and each question is one expression: so no reading of the firmware runs during a search.
 * A search can come between a sensor's command and its answer. Then that reading may fail, which the firmware counts and
 * gets over: its I²C port is set up again after an error, and a search does not end a conversion of a DS18B20.
 *
 * Read in Espruino's source, c5ff787b1 (2v29.277): src/jswrap_onewire.c, src/jswrap_spi_i2c.c, targets/esp32/jshardwareI2c.c.
 * UNVERIFIED on boards.
 */
import { oneWireCrc } from "../../../firmware/sensors/ds18b20.ts";
import type { PinUse } from "../../build/pins/pin-use.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import type { Finding } from "./finding.ts";

/** Lower and higher addresses are reserved (NXP UM10204, 3.1.12). */
const FIRST_ADDRESS = 0x08;
const LAST_ADDRESS = 0x77;
/** First byte of a DS18B20's address. */
const DS18B20_FAMILY = "28";

const KNOWN_CHIPS: { [address: number]: string } = {
  68: "SHT3x or SHT4x",
  69: "SHT3x or SHT4x",
  70: "SHT4x",
  98: "SCD4x",
  118: "BME280 or BMP280",
  119: "BME280 or BMP280",
};

/**
 * Chips that refuse a read while they have nothing to tell (SHT4x, SHT3x, SCD4x), with a command that they acknowledge and
 * that starts no measurement. 0x89 is SHT4x's “read serial number”; for an SHT3x it is half a command, which it drops.
 * E4 B8 is SCD4x's “get data ready status”, which is allowed while it measures. By the datasheets; UNVERIFIED on chips.
 */
const QUESTIONS: { [address: number]: number[] } = {
  68: [0x89],
  69: [0x89],
  70: [0x89],
  98: [0xe4, 0xb8],
};

/** An I²C port and its pins. */
interface I2cBus {
  port: string;
  sda: string;
  scl: string;
}

/** One finding for each 1-Wire wire and each I²C bus. None when no sensor of the device file uses one. */
export async function checkBuses(device: DeviceConsole, uses: PinUse[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const wires = new Set(uses.filter(({ way }) => way === "1-Wire bus").map(({ pin }) => pin));
  for (const pin of wires) findings.push(await searchWire(device, pin));
  for (const bus of i2cBuses(uses)) findings.push(await scanBus(device, bus));
  return findings;
}

/** A `setup` notes its data pin, then its clock pin. */
function i2cBuses(uses: PinUse[]): I2cBus[] {
  const buses = new Map<string, I2cBus>();
  uses.forEach(({ pin, way, port }, i) => {
    const clock = uses[i + 1];
    if (way !== "I2C data" || port === undefined || clock?.way !== "I2C clock") return;
    buses.set(`${port} ${pin} ${clock.pin}`, { port, sda: pin, scl: clock.pin });
  });
  return [...buses.values()];
}

/** `search` returns the addresses as 16 hexadecimal digits, unchecked. It blocks for some 15 ms a chip. */
async function searchWire(device: DeviceConsole, pin: string): Promise<Finding> {
  const name = "1-wire";
  const found = await device
    .evaluate(`(new OneWire(new Pin(${JSON.stringify(pin)}))).search()`)
    .catch((error: Error) => error);
  if (found instanceof Error) return { name, verdict: "skip", found: `${pin}: ${found.message}` };
  const addresses = (found ?? []) as string[];
  if (addresses.length === 0) {
    const advice = `Check the wiring of ${pin}: 3.3 V, ground, and 4.7 kΩ from the data line to 3.3 V.`;
    return { name, verdict: "fail", found: `${pin}: no chip answers`, advice };
  }
  const list = `${pin}: ${addresses.map((address) => describeAddress(pin, address)).join(", ")}`;
  if (addresses.every((address) => address.startsWith(DS18B20_FAMILY) && isWhole(address))) {
    return { name, verdict: "ok", found: list };
  }
  const advice = `Run it again. If it stays, look for a bad cable or for a chip on ${pin} that is no DS18B20.`;
  return { name, verdict: "warn", found: list, advice };
}

function describeAddress(pin: string, address: string): string {
  if (!isWhole(address)) return `${address} (its check digits are wrong)`;
  return address.startsWith(DS18B20_FAMILY) ? `ds18b20("${pin}", "${address}")` : `${address} (no DS18B20)`;
}

function isWhole(address: string): boolean {
  return oneWireCrc(Buffer.from(address, "hex")) === 0;
}

/**
 * Reads one byte from each address, then asks those of `QUESTIONS` that did not answer. Without a chip, `readFrom` and
 * `writeTo` throw “slave doesn't ACK the transfer”. Any other error ends the scan: on a bus that hangs each try takes 1 s.
 * A software port (`new I2C()`) ignores whether a chip acknowledges, so the scan uses the port that the firmware uses, set up
 * as the firmware does it.
 */
function scanExpression({ port, sda, scl }: I2cBus): string {
  return `(function(p,q,f){
function t(a,u){if(f.indexOf(a)>=0)return;try{u(a);f.push(a);}catch(e){if((""+e).indexOf("ACK")<0)throw e;}}
p.setup({sda:new Pin(${JSON.stringify(sda)}),scl:new Pin(${JSON.stringify(scl)}),bitrate:100000});
for(var a=${FIRST_ADDRESS};a<=${LAST_ADDRESS};a++)t(a,function(a){p.readFrom(a,1);});
for(var k in q)t(+k,function(a){p.writeTo(a,q[a]);});
return f;
})(${port},${JSON.stringify(QUESTIONS)},[])`;
}

async function scanBus(device: DeviceConsole, bus: I2cBus): Promise<Finding> {
  const name = "i2c";
  const place = `${bus.port}, SDA ${bus.sda}, SCL ${bus.scl}`;
  const answer = await device.evaluate(scanExpression(bus)).catch((error: Error) => error);
  if (answer instanceof Error) {
    const advice = `Check the wiring of ${bus.sda} and ${bus.scl}: a line that is shorted to ground stops the whole bus.`;
    return { name, verdict: "fail", found: `${place}: ${answer.message}`, advice };
  }
  const addresses = (answer as number[]).sort((one, other) => one - other);
  if (addresses.length === 0) {
    const advice = `Check the wiring: 3.3 V, ground, SDA on ${bus.sda}, SCL on ${bus.scl}. Swapped lines look like this too.`;
    return { name, verdict: "fail", found: `${place}: no chip answers`, advice };
  }
  return { name, verdict: "ok", found: `${place}: ${addresses.map(describeChip).join(", ")}` };
}

function describeChip(address: number): string {
  const hex = `0x${address.toString(16).padStart(2, "0")}`;
  const chip = KNOWN_CHIPS[address];
  return chip === undefined ? hex : `${hex} (${chip})`;
}
