import type { Pins } from "./ports.ts";

/** Contact bounce of push buttons, with room: Alps SKHH and the like state 10 ms at most. UNVERIFIED on our boards. */
const DEBOUNCE_MS = 30;

/**
 * Whether Espruino inverts this pin: the board file of ESP32 does so for D0, the BOOT button, so that pressed reads 1. Builds
 * before 2v29 do not report it, but invert D0 all the same. Throws when the board has no such pin.
 */
export function isNegated(name: string, board: string): boolean {
  const info = new Pin(name).getInfo();
  if (info === undefined) throw new Error(`no pin ${name} on this board`);
  return info.negated === true || (info.num === 0 && (board === "ESP32" || board === "ESP32_IDF4"));
}

/** Buttons and LEDs by pin name ("D0", "BTN1", "LED1"). Levels are those on the pin, whether the board inverts it or not. */
export function createPins(board: string): Pins {
  const negated: { [name: string]: boolean } = {};
  return {
    watchButton(name, activeLow, onChange) {
      const pin = new Pin(name);
      const turned = isNegated(name, board);
      // On a negated pin the pulls are inverted too (targets/esp32/jshardware.c): "input_pulldown" pulls D0 up.
      // `setWatch` forces the pull-up on ESP32, so an active-high button needs its own, stronger pull-down.
      if (activeLow) pinMode(pin, turned ? "input_pulldown" : "input_pullup");
      // What the pin reads while pressed.
      const pressed = activeLow === turned;
      setWatch((event) => onChange(!event.state !== pressed), pin, {
        repeat: true,
        edge: "both",
        debounce: DEBOUNCE_MS,
      });
    },
    write(name, high) {
      if (negated[name] === undefined) negated[name] = isNegated(name, board);
      digitalWrite(name as unknown as Pin, high === negated[name] ? 0 : 1);
    },
  };
}
