#!/usr/bin/env bash
# Seen 2026-11-27 with downsample 1.4.0 and technicalindicators 3.1.0, Node.js 20; moving-averages 4.0.6 and sma 0.1.1
# beside them.
#
# Expected: a reading that failed (NaN) is missing from the five averages that span it; the next one is a number again.
# What happens: in downsample (SMA, and ASAP, which smooths with it) and in technicalindicators (SMA) every average from
#   there to the end is NaN, without an error. Both keep a running sum: the NaN goes in, and subtracting it again leaves NaN.
#   sma starts each window anew and recovers.
# Why it matters for a logger: one failed reading in the morning blanks the smoothed chart for the rest of the day, while
#   the data behind it is whole. Split a series at its gaps before it is smoothed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --no-save --silent --prefix "$dir" downsample@1.4.0 technicalindicators@3.1.0 moving-averages@4.0.6 sma@0.1.1 > /dev/null

cat > "$dir/run.cjs" <<'JS'
const { ASAP, SMA } = require("downsample");
const indicators = require("technicalindicators");
const movingAverages = require("moving-averages");
const sma = require("sma");

const WINDOW = 5;
/** Two hours by the minute, rising by 0.1; the reading of minute 30 failed. */
const values = Array.from({ length: 120 }, (_, i) => (i === 30 ? Number.NaN : 20 + i / 10));
const points = values.map((y, i) => [Date.UTC(2026, 0, 1) + i * 60000, y]);
const found = {
  "downsample SMA": Array.from(SMA(points, WINDOW), (point) => point.y),
  "downsample ASAP": Array.from(ASAP(points, 30), (point) => point.y),
  technicalindicators: indicators.SMA.calculate({ period: WINDOW, values }),
  "moving-averages": Array.from(movingAverages.ma(values, WINDOW)),
  sma: sma(values, WINDOW, (n) => n),
};
const lastQuarter = (averages) => averages.slice(-Math.floor(averages.length / 4));
const numbersIn = (averages) => averages.filter((n) => typeof n === "number" && Number.isFinite(n)).length;
console.log("numbers among the averages of the last quarter, an hour behind the gap");
const lost = {};
for (const [name, averages] of Object.entries(found)) {
  const quarter = lastQuarter(averages);
  lost[name] = numbersIn(quarter) === 0;
  console.log(`  ${name.padEnd(20)} ${numbersIn(quarter)} of ${quarter.length}`);
}
const asStated =
  lost["downsample SMA"] &&
  lost["downsample ASAP"] &&
  lost.technicalindicators &&
  !lost["moving-averages"] &&
  !lost.sma;
console.log(asStated ? "as stated" : "CHANGED: see above");
process.exitCode = asStated ? 0 : 1;
JS
node "$dir/run.cjs"
