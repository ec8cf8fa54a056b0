#!/usr/bin/env bash
# Seen 2026-11-27 with regression 2.0.1, ml-regression-simple-linear 3.0.1, d3-regression 2.2.0 and
# simple-statistics 7.12.1, Node.js 20.
#
# Expected: the slope of an exact straight line comes out right, whatever unit the times have. If one library lost
#   digits, then simple-statistics, which adds up plain products; d3-regression works with running means, so it was
#   expected to be safe.
# What happens: over times in Unix milliseconds, three of the four lose the slope, without an error and with a result
#   that looks like one. Sixty samples a second apart give 0.12 times the true slope (regression and ml-regression) and
#   0.07 times (d3-regression). simple-statistics is right. With the first time subtracted, all four are right.
# Why it matters for a logger: a rate of change, or the drift of a clock, is fitted over exactly such times. The squares
#   of 1.8e12 need 82 bits, a double has 53: what is left of a short window is rounding.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --no-save --silent --prefix "$dir" \
  regression@2.0.1 ml-regression-simple-linear@3.0.1 d3-regression@2.2.0 simple-statistics@7.12.1 > /dev/null

cat > "$dir/run.mjs" <<'JS'
import { regressionLinear } from "d3-regression";
import { SimpleLinearRegression } from "ml-regression-simple-linear";
import regression from "regression";
import { linearRegression } from "simple-statistics";

const START_MS = 1764201600000; // 2025-11-27T00:00:00Z
const SLOPE = 0.002 / 1000; // 0.002 degrees a second
const column = (points, i) => points.map((point) => point[i]);
const SLOPES = {
  regression: (points) => regression.linear(points, { precision: 15 }).equation[0],
  "ml-regression-simple-linear": (points) => new SimpleLinearRegression(column(points, 0), column(points, 1)).slope,
  "d3-regression": (points) => regressionLinear()(points).a,
  "simple-statistics": (points) => linearRegression(points).m,
};

/** The slope that comes out, as a share of the true one. */
function share(slope, startMs, stepMs) {
  const points = [];
  for (let i = 0; i < 60; i++) points.push([startMs + i * stepMs, 20 + SLOPE * i * stepMs]);
  return slope(points) / SLOPE;
}

console.log("60 samples on an exact line: slope found / true slope");
console.log(`${"".padEnd(30)}${"every minute".padEnd(15)}${"every 10 s".padEnd(15)}${"every second".padEnd(15)}every second, from 0`);
const found = {};
for (const [name, slope] of Object.entries(SLOPES)) {
  const row = [share(slope, START_MS, 60000), share(slope, START_MS, 10000), share(slope, START_MS, 1000), share(slope, 0, 1000)];
  found[name] = { unix: row[2], fromZero: row[3] };
  console.log(name.padEnd(30) + row.map((value) => value.toFixed(4).padEnd(15)).join("").trimEnd());
}
const near = (value, wanted) => Math.abs(value - wanted) < 0.005;
const asStated =
  Object.values(found).every((one) => near(one.fromZero, 1)) &&
  near(found["simple-statistics"].unix, 1) &&
  near(found.regression.unix, 0.123) &&
  near(found["ml-regression-simple-linear"].unix, 0.123) &&
  near(found["d3-regression"].unix, 0.07);
console.log(asStated ? "as stated" : "CHANGED: see above");
process.exitCode = asStated ? 0 : 1;
JS
node "$dir/run.mjs"
