#!/usr/bin/env bash
# Seen 2026-11-27 with lora-serialization 3.0.1 and cayenne-lpp 1.0.2, Node.js 20.
#
# Expected: a reading that has no more decimals than the payload comes back as it was. If one lost a step, then
#   cayenne-lpp's temperature, with its single decimal.
# What happens: that temperature is right for all 1,251 values from -40.0 to 85.0. But cayenne-lpp's analog input changes 4,338
#   of 64,001 values with two decimals, and lora-serialization, whose README promises two decimals, 1,086 of 16,001
#   temperatures and 573 of 10,001 humidities: 0.29 comes back as 0.28, 1.15 as 1.14. Both multiply by 100 and cut, and
#   0.29 * 100 is 28.999999999999996.
# Why it matters for a logger: about one reading in fifteen is a step too small, always towards zero. The mean of a month is
#   off, and a reading taken back from the payload is not the one that was sent. Round after scaling.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --no-save --silent --prefix "$dir" lora-serialization@3.0.1 cayenne-lpp@1.0.2 > /dev/null

cat > "$dir/run.mjs" <<'JS'
import cayenne from "cayenne-lpp";
import lora from "lora-serialization";

/** A reading there and back, with the library's own decoder where it has one for it. */
const loraTwice = (kind) => (value) => lora.decoder.decode(lora.encoder.encode([value], [lora.encoder[kind]]), [lora.decoder[kind]], ["back"]).back;
const CASES = [
  { name: "cayenne-lpp temperature", from: -40, to: 85, scale: 10, twice: (t) => cayenne.encoder.encodeTemperature(1, t).readInt16BE(2) / 10, changed: 0 },
  { name: "cayenne-lpp analog input", from: -320, to: 320, scale: 100, twice: (v) => cayenne.encoder.encodeAnalogInput(1, v).readInt16BE(2) / 100, changed: 4338 },
  { name: "lora-serialization temperature", from: -80, to: 80, scale: 100, twice: loraTwice("temperature"), changed: 1086 },
  { name: "lora-serialization humidity", from: 0, to: 100, scale: 100, twice: loraTwice("humidity"), changed: 573 },
];

let asStated = true;
for (const { name, from, to, scale, twice, changed } of CASES) {
  const steps = [];
  let count = 0;
  for (let i = from * scale; i <= to * scale; i++) {
    const back = Math.round(twice(i / scale) * scale);
    count++;
    if (back !== i) steps.push({ value: i / scale, back: back / scale, towardsZero: Math.abs(back) === Math.abs(i) - 1 });
  }
  const example = steps.length > 0 ? `, such as ${steps[0].value} as ${steps[0].back}` : "";
  console.log(`${name.padEnd(32)}${steps.length} of ${count} values come back changed${example}`);
  if (steps.length !== changed || !steps.every((step) => step.towardsZero)) asStated = false;
}
console.log(asStated ? "as stated" : "CHANGED: see above");
process.exitCode = asStated ? 0 : 1;
JS
node "$dir/run.mjs"
