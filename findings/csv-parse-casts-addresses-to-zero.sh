#!/usr/bin/env bash
# Seen 2026-11-27 with csv-parse 7.0.3, Node.js 20. papaparse 5.7.1 and csvtojson 2.0.14 beside it.
# (Told upstream in 2017, as a wish for hexadecimal numbers: adaltas/node-csv-parse #148.)
#
# Expected: with `cast: true` a field such as 0x77 stays text, or becomes 119.
# What happens: it becomes 0, and so does every other hexadecimal or binary number. The test whether a field is a number
#   takes it for one, since "0x77" minus something coerces to 119; the conversion is parseFloat, which reads "0" and
#   stops at the "x". papaparse (dynamicTyping) and csvtojson (checkType) leave the text alone.
# Why it matters for a logger: a BME280 sits at I2C address 0x76 or 0x77. Recordings of two sensors, told apart by an
#   address column, become recordings of one, at address 0.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --no-save --silent --prefix "$dir" csv-parse@7.0.3 papaparse@5.7.1 csvtojson@2.0.14 > /dev/null

cat > "$dir/run.mjs" <<'JS'
import { parse } from "csv-parse/sync";
import csvtojson from "csvtojson";
import papaparse from "papaparse";

const CSV = "address,flags,temperature\n0x76,0b0101,21.5\n0x77,0b0110,21.6\n";
const found = {
  "csv-parse": parse(CSV, { columns: true, cast: true }),
  papaparse: papaparse.parse(CSV, { header: true, dynamicTyping: true, skipEmptyLines: true }).data,
  csvtojson: await csvtojson({ checkType: true }).fromString(CSV),
};
process.stdout.write(CSV);
for (const [name, rows] of Object.entries(found)) console.log(`${name.padEnd(10)} ${JSON.stringify(rows)}`);

const text = '[{"address":"0x76","flags":"0b0101","temperature":21.5},{"address":"0x77","flags":"0b0110","temperature":21.6}]';
const asStated =
  JSON.stringify(found["csv-parse"]) ===
    '[{"address":0,"flags":0,"temperature":21.5},{"address":0,"flags":0,"temperature":21.6}]' &&
  JSON.stringify(found.papaparse) === text &&
  JSON.stringify(found.csvtojson) === text;
console.log(asStated ? "as stated" : "CHANGED: see above");
process.exitCode = asStated ? 0 : 1;
JS
node "$dir/run.mjs"
