#!/usr/bin/env bash
# Seen 2026-11-27 with csv-parse 7.0.3, Node.js 20. papaparse 5.7.1 beside it.
#
# Expected: where a quoted cell has no end, the error names the line on which it begins.
# What happens: csv-parse says "opening quote at line 5", which is the last line of the text; the quote stands on line 3. Its
#   field `lines` is 5, too. papaparse gives the index of the first letter behind the quote.
# Why it matters for a logger: one stray quote in weeks of readings. The person who gets the message looks at the last line, which
#   is in order, and every row between the two has become part of one cell.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --no-save --silent --prefix "$dir" csv-parse@7.0.3 papaparse@5.7.1 > /dev/null

cat > "$dir/run.mjs" <<'JS'
import { parse } from "csv-parse/sync";
import papaparse from "papaparse";

const LINES = ["time,note,temperature", "1,,21.5", '2,"door open,21.6', "3,,21.7", "4,,21.8", ""];
const CSV = LINES.join("\n");
const found = {};
try {
  parse(CSV, { columns: true });
} catch (error) {
  found.message = error.message;
  found.lines = error.lines;
}
const { errors } = papaparse.parse(CSV, { header: true });
process.stdout.write(CSV);
console.log(`csv-parse  ${found.message} (lines: ${found.lines})`);
for (const { code, row, index } of errors) console.log(`papaparse  ${code}, row ${row}, index ${index}`);
const quoteLine = LINES.findIndex((line) => line.includes('"')) + 1;
const asStated =
  quoteLine === 3 &&
  /opening quote at line 5$/.test(found.message) &&
  errors.some(({ code, index }) => code === "MissingQuotes" && index === CSV.indexOf('"') + 1);
console.log(asStated ? "as stated" : "CHANGED: see above");
process.exitCode = asStated ? 0 : 1;
JS
node "$dir/run.mjs"
