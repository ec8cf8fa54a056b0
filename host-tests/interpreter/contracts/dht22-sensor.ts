/** What `dht22` promises, on the pulses of its line. The first frame is the datasheet's example: 65.2 % and 35.1 °C. */
import { dht22 } from "../../../firmware/sensors/dht22.ts";
import { dhtFrame } from "../../../scripts/simulator/sensor-chips/dht22-chip.ts";
import type { Promised } from "./contract.ts";
import { type Lab, runSteps, type Step } from "./lab.ts";

export const DHT22_SENSOR: Promised<Lab>[] = [
  {
    title: "a DHT22 gives what it measures now, not what it measured when it was asked the last time",
    run(lab, answer) {
      lab.dht22.bytes = dhtFrame(652, 351);
      const read = dht22("D4").temperature;
      runSteps(
        [
          { read, gives: 35.1 },
          {
            act() {
              lab.dht22.bytes = dhtFrame(652, 300);
            },
            read,
            gives: 30,
          },
        ],
        answer,
      );
    },
  },
  {
    title: "a DHT22 answers both of its datastreams with one reading",
    run(lab, answer) {
      lab.dht22.bytes = dhtFrame(652, 351);
      const air = dht22("D4");
      let humidity = "no humidity";
      // The chip answers every 2 s at most: a second reading would have no answer.
      runSteps(
        [
          {
            act() {
              air.humidity((value) => {
                humidity = Math.abs(value - 65.2) < 1e-9 ? "" : `humidity ${value}`;
              });
            },
            read: air.temperature,
            gives: 35.1,
          },
        ],
        (problem) => answer(problem === "" ? humidity : problem),
      );
    },
  },
  {
    title: "a DHT22 below zero is read in both forms that units send",
    run(lab, answer) {
      const read = dht22("D4").temperature;
      const forms: [raw: number, celsius: number][] = [
        [0x800a, -1],
        [0xfff6, -1],
        [0x8065, -10.1],
      ];
      runSteps(
        forms.map((form): Step => {
          return {
            act() {
              lab.dht22.always = dhtFrame(652, form[0]);
            },
            read,
            gives: form[1],
          };
        }),
        answer,
      );
    },
  },
  {
    title: "all bits one, all bits zero and values out of range fail",
    run(lab, answer) {
      const air = dht22("D4");
      function sends(bytes: number[]) {
        return () => {
          lab.dht22.always = bytes;
        };
      }
      runSteps(
        [
          { act: sends([255, 255, 255, 255, 255]), read: air.temperature, fails: "wrong checksum" },
          { act: sends([0, 0, 0, 0, 0]), read: air.temperature, fails: "all bits are 0" },
          { act: sends(dhtFrame(0xffff, 0xffff)), read: air.humidity, fails: "outside 0 to 100" },
          { act: sends(dhtFrame(500, 801)), read: air.temperature, fails: "outside -40 to 80" },
        ],
        answer,
      );
    },
  },
  {
    title: "a DHT22 that is unplugged, or loses bits each time, fails",
    run(lab, answer) {
      const read = dht22("D4").temperature;
      lab.dht22.plugged = false;
      runSteps(
        [
          { read, fails: "no answer from the chip" },
          {
            act() {
              lab.dht22.plugged = true;
              lab.dht22.edgesMax = 60;
            },
            read,
            fails: "of 40 bits",
          },
        ],
        answer,
      );
    },
  },
];
