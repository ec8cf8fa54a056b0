/**
 * Pins D0 to D39, LED1 (D2) and BTN1 (D0, the BOOT button, which Espruino's board file negates: pressed reads 1);
 * setWatch with debounce.
 */
import type { Boot } from "../boot.ts";

export class Pin {
  readonly number: number;
  /** The pin reads and writes the opposite of its line. */
  readonly negated: boolean;
  readonly #pins: PinBank;
  constructor(pins: PinBank, number: number, negated = false) {
    this.#pins = pins;
    this.number = number;
    this.negated = negated;
  }
  read(): boolean {
    return this.#pins.read(this) === 1;
  }
  write(value: unknown): void {
    this.#pins.write(this, value ? 1 : 0);
  }
  set(): void {
    this.write(1);
  }
  reset(): void {
    this.write(0);
  }
  mode(mode: unknown): void {
    this.#pins.setMode(this, mode);
  }
  getInfo(): { port: string; num: number; negated?: boolean } {
    return this.negated ? { port: "D", num: this.number, negated: true } : { port: "D", num: this.number };
  }
  analog(): number {
    return this.#pins.analog(this);
  }
  toString(): string {
    return `D${this.number}`;
  }
  toJSON(): string {
    return this.toString();
  }
}

interface Watch {
  id: number;
  pin: Pin;
  callback: (...args: unknown[]) => unknown;
  repeat: boolean;
  edge: "rising" | "falling" | "both";
  debounceMs: number;
  state: number;
  lastTime: number | undefined;
  settle: number;
}

export interface PinBank {
  pins: Record<string, Pin>;
  read(pin: Pin): number;
  write(pin: Pin, value: number): void;
  analog(pin: Pin): number;
  /** `pinMode`: an input lets go of the line, which the pull-up then takes high. */
  setMode(pin: Pin, mode: unknown): void;
  /** Called when the program has pulled a line low and lets it go: a chip on it may answer. */
  onRelease: (number: number, lowMs: number) => void;
  /** Called when the program has set the electrical level of a pin. */
  onWrite: ((number: number, level: number) => void) | undefined;
  setWatch(callback: unknown, pin: unknown, options: unknown): number;
  clearWatch(id: number | undefined): void;
  /** Something outside moves the line: electrical level of the pin, 0 or 1. */
  drive(number: number, level: number): void;
  level(number: number): number;
}

/** `levels` are electrical and outlive a boot, since a button stays pressed. */
export function createPins(
  boot: Boot,
  levels: number[],
  nowSeconds: () => number,
  analog: (pin: number) => number,
): PinBank {
  const watches: Watch[] = [];
  /** Since when the program holds an output low, by the pin's number. */
  const lowSinceMs = new Map<number, number>();
  let nextId = 1;

  function of(pin: unknown): Pin {
    if (pin instanceof Pin) return pin;
    const found = bank.pins[String(pin)];
    if (!found) throw new Error("Invalid pin");
    return found;
  }

  function changed(watch: Watch): void {
    const value = bank.read(watch.pin);
    const mine = ++watch.settle;
    const fire = () => {
      if (!boot.alive() || mine !== watch.settle || value === watch.state || !watches.includes(watch)) return;
      watch.state = value;
      const time = nowSeconds();
      const event = { state: value === 1, lastTime: watch.lastTime, time, pin: watch.pin };
      watch.lastTime = time;
      if (watch.edge === "rising" && value === 0) return;
      if (watch.edge === "falling" && value === 1) return;
      if (!watch.repeat) watches.splice(watches.indexOf(watch), 1);
      boot.queue(watch.callback, undefined, [event]);
      boot.wake();
    };
    if (watch.debounceMs > 0) boot.world.at(boot.world.nowMs() + watch.debounceMs, fire);
    else fire();
  }

  const bank: PinBank = {
    pins: {},
    read: (pin) => (pin.negated ? 1 - levels[pin.number] : levels[pin.number]),
    write(pin, value) {
      boot.check();
      levels[pin.number] = pin.negated ? 1 - value : value;
      bank.onWrite?.(pin.number, levels[pin.number]);
      if (levels[pin.number] === 0) lowSinceMs.set(pin.number, boot.world.nowMs());
      else lowSinceMs.delete(pin.number);
    },
    setMode(pin, mode) {
      boot.check();
      const sinceMs = lowSinceMs.get(pin.number);
      if (!String(mode).startsWith("input") || sinceMs === undefined) return;
      lowSinceMs.delete(pin.number);
      bank.drive(pin.number, 1);
      bank.onRelease(pin.number, boot.world.nowMs() - sinceMs);
    },
    onRelease: () => {},
    onWrite: undefined,
    analog: (pin) => analog(pin.number),
    setWatch(callback, pin, options) {
      boot.check();
      const { repeat, edge, debounce } = (options ?? {}) as {
        repeat?: boolean;
        edge?: string | number;
        debounce?: number;
      };
      const watch: Watch = {
        id: nextId++,
        pin: of(pin),
        callback: callback as Watch["callback"],
        repeat: repeat === true,
        edge: edge === "rising" || edge === 1 ? "rising" : edge === "falling" || edge === -1 ? "falling" : "both",
        debounceMs: debounce ?? 0,
        state: bank.read(of(pin)),
        lastTime: undefined,
        settle: 0,
      };
      watches.push(watch);
      return watch.id;
    },
    clearWatch(id) {
      const at = watches.findIndex((watch) => watch.id === id);
      if (at >= 0) watches.splice(at, 1);
      if (id === undefined) watches.length = 0;
    },
    drive(number, level) {
      if (levels[number] === level) return;
      levels[number] = level;
      if (!boot.alive()) return;
      for (const watch of watches.slice()) if (watch.pin.number === number) changed(watch);
    },
    level: (number) => levels[number],
  };
  for (let i = 0; i < 40; i++) bank.pins[`D${i}`] = new Pin(bank, i, i === 0);
  bank.pins.BTN1 = bank.pins.D0;
  bank.pins.BTN = bank.pins.BTN1;
  bank.pins.LED1 = bank.pins.D2;
  bank.pins.LED = bank.pins.D2;
  return bank;
}
