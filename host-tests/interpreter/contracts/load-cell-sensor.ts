/** What `hx711` promises, on the clock and data line of the chip. */
import { hx711 } from "../../../firmware/sensors/hx711.ts";
import type { Promised } from "./contract.ts";
import { type Lab, runSteps } from "./lab.ts";

export const LOAD_CELL_SENSOR: Promised<Lab>[] = [
  {
    title: "a HX711 gives the weight: raw minus tare, times scale, above and below the tare",
    run(lab, answer) {
      const read = hx711("D16", "D17", { tare: 1000, scale: 0.01 });
      lab.hx711.raw = 84000;
      runSteps(
        [
          { read, gives: 830, within: 1e-6 },
          {
            act() {
              // -5 in two's complement of 24 bits.
              lab.hx711.raw = 0xfffffb;
            },
            read,
            gives: -10.05,
            within: 1e-6,
          },
        ],
        answer,
      );
    },
  },
  {
    title: "a HX711 that is missing, overloaded, or lost a clock fails",
    run(lab, answer) {
      const read = hx711("D16", "D17", { tare: 0, scale: 1 });
      lab.hx711.raw = 0x7fffff;
      runSteps(
        [
          { read, fails: "beyond its range" },
          {
            act() {
              lab.hx711.raw = 0x800000;
            },
            read,
            fails: "beyond its range",
          },
          {
            act() {
              lab.hx711.raw = 0x000001;
              lab.hx711.lostClocks = 2;
            },
            read,
            fails: "lost a clock",
          },
          {
            act() {
              lab.hx711.plugged = false;
            },
            read,
            fails: "no value",
          },
        ],
        answer,
      );
    },
  },
];
