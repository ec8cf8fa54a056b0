/** The usual ways to log with Espruino: lines in a StorageFile, or an array in RAM, and JSON.stringify. */
import { ESP32_JSVARS } from "../../interpreter/esp32.ts";
import { jitter, jsVars, reading, report, timeUs } from "./measure.ts";

interface BenchFile {
  write(text: string): void;
  readLine(): string | undefined;
}
interface BenchStorage {
  open(name: string, mode: "r" | "w" | "a"): BenchFile;
  getFree(): number;
  readJSON(name: string): { httpPort: number };
}

const FIRST_MS = 1760000000000;
const APPENDS = 500;
const RAM_APPENDS = 300;
const LINES = 2000;
const storage: BenchStorage = require("Storage") as unknown as BenchStorage;

function line(index: number): string {
  return `${FIRST_MS + index * 60000 + jitter(index)},${reading(index) / 10}\n`;
}

const freeBefore = storage.getFree();
let file = storage.open("log.csv", "a");
let written = 0;
report(
  "storageFileAppendUs",
  timeUs(APPENDS, () => {
    while (written < APPENDS) file.write(line(written++));
  }),
);
while (written < LINES) file.write(line(written++));
report("storageFileBytesPerLine", (freeBefore - storage.getFree()) / LINES);

file = storage.open("log.csv", "r");
let chars = 0;
report(
  "storageFileDecodeUs",
  timeUs(LINES, () => {
    let batch: number[][] = [];
    let text = file.readLine();
    while (text !== undefined) {
      const parts = text.split(",");
      batch.push([Number(parts[0]), Number(parts[1])]);
      if (batch.length === 200) {
        chars += JSON.stringify(batch).length;
        batch = [];
      }
      text = file.readLine();
    }
    if (batch.length > 0) chars += JSON.stringify(batch).length;
  }),
);
report("storageFileChars", chars);

const samples: number[][] = [];
const before = jsVars();
report(
  "ramArrayAppendUs",
  timeUs(RAM_APPENDS, () => {
    for (let i = 0; i < RAM_APPENDS; i++) samples.push([FIRST_MS + i * 60000 + jitter(i), reading(i) / 10]);
  }),
);
report("ramArrayJsVarsPerPoint", (jsVars() - before) / RAM_APPENDS);
// 200 points at a time: more do not fit beside the array.
report(
  "ramArrayFormatUs",
  timeUs(200, () => JSON.stringify(samples.slice(0, 200))),
);
let more = RAM_APPENDS;
// A part of the pool stays free: a full one could neither send the array nor add to it.
while (jsVars() < ESP32_JSVARS - 100) {
  samples.push([FIRST_MS + more * 60000 + jitter(more), reading(more) / 10]);
  more++;
}
report("ramArrayCapacity", more);

console.log("BENCH done 0");
