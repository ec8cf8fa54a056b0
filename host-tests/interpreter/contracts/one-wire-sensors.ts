/** What `ds18b20` promises, on a 1-Wire line. The values are those of the datasheet's table "temperature/data relationship". */
import { ds18b20 } from "../../../firmware/sensors/ds18b20.ts";
import { createDs18b20Chip } from "../../../scripts/simulator/sensor-chips/ds18b20-chip.ts";
import type { Promised } from "./contract.ts";
import { type Lab, runSteps } from "./lab.ts";

/** Two addresses with right CRCs. */
const FIRST = "28ff641e8416d364";
const SECOND = "28ff641e8416d4e7";

function plugIn(lab: Lab, rom: string) {
  const chip = createDs18b20Chip(rom, lab.nowMs);
  lab.oneWire.push(chip);
  return chip;
}

export const ONE_WIRE_SENSORS: Promised<Lab>[] = [
  {
    title: "a DS18B20 gives the temperature of now, above and below zero",
    run(lab, answer) {
      const chip = plugIn(lab, FIRST);
      const read = ds18b20("D13");
      function rawIs(raw: number) {
        return () => {
          chip.raw = raw;
        };
      }
      runSteps(
        [
          { act: rawIs(0x0191), read, gives: 25.0625 },
          { act: rawIs(0x0008), read, gives: 0.5 },
          { act: rawIs(0xfe6f), read, gives: -25.0625 },
        ],
        answer,
      );
    },
  },
  {
    title: "a DS18B20 that lost its power during the conversion fails, and a true 85.0 °C is kept",
    run(lab, answer) {
      const chip = plugIn(lab, FIRST);
      const read = ds18b20("D13");
      runSteps(
        [
          {
            act() {
              setTimeout(() => chip.losePower(), 300);
            },
            read,
            fails: "lost its power",
          },
          {
            act() {
              chip.raw = 0x0550;
            },
            read,
            gives: 85,
          },
        ],
        answer,
      );
    },
  },
  {
    title: "a DS18B20 fails while it is unplugged, comes back, and fails when it is pulled out during the conversion",
    run(lab, answer) {
      const chip = plugIn(lab, FIRST);
      chip.plugged = false;
      const read = ds18b20("D13");
      runSteps(
        [
          { read, fails: "no chip on the wire" },
          {
            act() {
              chip.plugged = true;
            },
            read,
            gives: 21,
          },
          {
            act() {
              setTimeout(() => {
                chip.plugged = false;
              }, 300);
            },
            read,
            fails: "no chip on the wire",
          },
        ],
        answer,
      );
    },
  },
  {
    title: "a disturbed or shorted wire fails, whatever it reads",
    run(lab, answer) {
      const chip = plugIn(lab, FIRST);
      const read = ds18b20("D13");
      runSteps(
        [
          {
            act() {
              chip.noise = 0x04;
            },
            read,
            fails: "wrong checksum",
          },
          {
            act() {
              lab.isShorted = true;
            },
            read,
            fails: "no DS18B20",
          },
        ],
        answer,
      );
    },
  },
  {
    title: "several DS18B20 on one wire are read by address, and without one their mixture fails",
    run(lab, answer) {
      plugIn(lab, FIRST).raw = 0x0190;
      plugIn(lab, SECOND).raw = 0xfff8;
      const first = ds18b20("D13", FIRST);
      const second = ds18b20("D13", SECOND);
      // Both convert at the same time, as datastreams do that are due together.
      let other = "no answer";
      second((value) => {
        other = value === -0.5 ? "" : `the second gave ${value}`;
      });
      runSteps(
        [
          { read: first, gives: 25 },
          { read: ds18b20("D13"), fails: "wrong checksum" },
        ],
        (problem) => answer(problem === "" ? other : problem),
      );
    },
  },
  {
    title: "the bits that a DS18B20 of 9 bits doesn't have are cut off",
    run(lab, answer) {
      const chip = plugIn(lab, FIRST);
      chip.bits = 9;
      chip.raw = 0x0197;
      runSteps([{ read: ds18b20("D13"), gives: 25 }], answer);
    },
  },
  {
    title: "a temperature beyond -55 to 125 °C fails",
    run(lab, answer) {
      const chip = plugIn(lab, FIRST);
      chip.raw = 0x07d1;
      const read = ds18b20("D13");
      runSteps(
        [
          { read, fails: "outside -55 to 125" },
          {
            act() {
              chip.raw = 0x07d0;
            },
            read,
            gives: 125,
          },
        ],
        answer,
      );
    },
  },
];
