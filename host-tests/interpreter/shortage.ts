/** Code for `afterPrelude` that makes memory short in the running program. It comes before the ballast, if there is one. */
import { replaceFlashRead } from "../../scripts/interpreter/flash-read.ts";

/**
 * `hoardUntil(free)` leaves `free` JsVars free. `hoardAll()` takes all of them, and so runs out of memory itself. `release()`
 * gives them back. `starveAt(n)` makes the n-th read of the flash from now run out of memory once.
 */
export const SHORTAGE = `
var hoard = 0;
var hoardUntil = function (free) {
  hoard = [];
  while (process.memory().free > free) hoard.push(0, 0, 0, 0, 0, 0, 0, 0);
};
var hoardAll = function () {
  hoard = [];
  while (true) hoard.push(0);
};
var release = function () {
  hoard = 0;
};
var starvation = { reads: 0, flash: require("Flash") };
var starveAt = function (reads) {
  starvation.reads = reads;
};
starvation.read = function (bytes, address) {
  if (starvation.reads > 0 && --starvation.reads === 0) {
    var all = [];
    while (true) all.push(0);
  }
  return starvation.flash.read(bytes, address);
};
${replaceFlashRead("starvation.flash", "starvation.read")}
`;

/** Prints `KICK` at each kick of the watchdog, so that a test sees when the kicks stop. */
export const KICKS = `
(function () {
  var kick = E.kickWatchdog;
  E.kickWatchdog = function () {
    kick();
    print("KICK");
  };
})();
`;
