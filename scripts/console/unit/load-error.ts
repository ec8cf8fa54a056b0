import { FieldError } from "../terminal/field-error.ts";
import type { DeviceConsole } from "../transport/device-console.ts";

/** Espruino's words for what its parser stops at, and then the places, each with the source text and a caret below. */
const SYNTAX_ERROR = /^Uncaught (SyntaxError: .*)$/;
const PLACE = /^\s*at .*\S/;
/** All of them come at once. */
const PLACES_MS = 200;

/**
 * Rejects with a `FieldError` when the device prints that it can't parse the program that it loads, and never resolves. Such a
 * program runs no further, so there is nothing to wait for.
 */
export function syntaxErrorAtLoad(device: DeviceConsole): Promise<never> {
  return new Promise((_, reject) => {
    let words = "";
    const places: string[] = [];
    const tell = () => {
      const where = places.map((line) => `\n    ${line.trim()}`).join("");
      reject(
        new FieldError(
          `The interpreter found a syntax error in the program:\n    ${words}${where}`,
          "The program is stored but does not run, so the unit logs nothing. Correct the device file and flash again. `ESPRUINO=PATH npm run build`, with Espruino for Linux, finds the line in it.",
        ),
      );
    };
    device.onLine((line) => {
      const found = SYNTAX_ERROR.exec(line);
      if (found !== null && words === "") {
        words = found[1];
        setTimeout(tell, PLACES_MS);
      } else if (words !== "" && PLACE.test(line)) places.push(line);
    });
  });
}
