/** What a pin is used for, as the call of Espruino's function tells. */
export type PinWay =
  /** Nothing is known but its name: `new Pin("D4")`. */
  | "named"
  | "analog input"
  | "input"
  | "input with pull-up"
  | "output"
  | "1-Wire bus"
  | "I2C data"
  | "I2C clock"
  | "bus"
  | "bus input";

/** One user of pins: a sensor that the device file made, one datastream's own function, the LED, the button. */
export interface PinOwner {
  /** The sensor's constructor (`dht22`), "LED", "button", or "the device file". */
  what: string;
  /** Places in the device file, such as `datastreams[1] (light)`. */
  where: string[];
  /** What is wrong with the call that made the sensor, or with what became of it. */
  mistakes: string[];
}

export function ownerCalled(what: string): PinOwner {
  return { what, where: [], mistakes: [] };
}

export interface PinUse {
  /** As it was written: "D34". */
  pin: string;
  way: PinWay;
  owner: PinOwner;
  /** The hardware port that a bus's pin was given to: "I2C1". */
  port?: string;
}

/** The ways that need the pin to drive its line. */
export const DRIVES: PinWay[] = ["output", "1-Wire bus", "I2C data", "I2C clock", "bus"];

/** The same wire serves several chips. */
export const SHARED: PinWay[] = ["1-Wire bus", "I2C data", "I2C clock", "bus", "bus input"];
