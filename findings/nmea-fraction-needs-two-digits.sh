#!/usr/bin/env bash
# Seen 2026-11-27 with nmea-simple 3.3.0 and gps 0.9.0, Node.js 20.
#
# Expected: both read the fraction of a second in an RMC sentence, whatever its number of digits. If one went wrong, then
#   gps, by taking ".5" for 5 ms.
# What happens: gps is right. nmea-simple counts the fraction only when it has exactly two digits: "123519.50" is 19.500 s,
#   "123519.5" and "123519.487" are 19.000 s, without an error. (101100/nmea-simple pull request 22, of 2023, is about
#   milliseconds in the same sentence.)
# Why it matters for a logger: receivers write one, two or three digits. With the wrong ones, a clock that is set by GPS is
#   up to a second late, and samples taken five times a second get one and the same time.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --no-save --silent --prefix "$dir" nmea-simple@3.3.0 gps@0.9.0 > /dev/null

cat > "$dir/run.mjs" <<'JS'
import { GPS } from "gps";
import nmeaSimple from "nmea-simple";

/** An RMC sentence with its checksum. The position is an example, of nobody. */
function sentence(time) {
  const text = `GPRMC,${time},A,0000.000,N,00000.000,E,000.0,000.0,270626,000.0,E`;
  let sum = 0;
  for (const letter of text) sum ^= letter.charCodeAt(0);
  return `$${text}*${sum.toString(16).toUpperCase().padStart(2, "0")}`;
}

const READERS = {
  "nmea-simple": (text) => nmeaSimple.parseNmeaSentence(text).datetime,
  gps: (text) => GPS.Parse(text).time,
};
const WANTED_MS = { "123519": 0, "123519.5": 500, "123519.50": 500, "123519.05": 50, "123519.487": 487 };
const AS_SEEN = { "nmea-simple": [0, 0, 500, 50, 0], gps: [0, 500, 500, 50, 487] };

console.log("milliseconds of the second that are read");
console.log(`${"time in the sentence".padEnd(24)}${"in truth".padEnd(12)}${Object.keys(READERS).map((name) => name.padEnd(14)).join("")}`);
let asStated = true;
Object.entries(WANTED_MS).forEach(([time, wantedMs], i) => {
  const readMs = Object.values(READERS).map((read) => read(sentence(time)).getUTCMilliseconds());
  Object.keys(READERS).forEach((name, j) => {
    if (readMs[j] !== AS_SEEN[name][i]) asStated = false;
  });
  console.log(`${time.padEnd(24)}${String(wantedMs).padEnd(12)}${readMs.map((ms) => String(ms).padEnd(14)).join("")}`.trimEnd());
});
console.log(asStated ? "as stated" : "CHANGED: see above");
process.exitCode = asStated ? 0 : 1;
JS
node "$dir/run.mjs"
