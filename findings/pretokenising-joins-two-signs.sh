#!/usr/bin/env bash
# Seen 2026-11-27 with npm espruino 0.1.67 (EspruinoTools), Node.js 20.
#
# Expected: a pretokenised program says the same as the source. White space goes only where no two tokens grow together.
# What happens: it goes between operators, too. `high - -low` is sent as `high--low` and `a + +b` as `a++b`: a decrement and an
#   increment, so the function has a syntax error. Nothing is said while the program is made. Where the second sign is part of
#   `++` or `--` it goes well, as those are tokens of their own.
# Why it matters for a logger: a minifier writes a difference to a negative number so, and `+text` makes a number of a text. An
#   uncalled function with such a line shows nothing at the desk; in the field it ends the first sync that calls it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --no-save --silent --prefix "$dir" espruino@0.1.67 > /dev/null

cat > "$dir/in.js" <<'JS'
function span(low, high) { return high - -low; }
function sum(a, b) { return a + +b; }
function step(a, b) { return a - --b; }
JS
cd "$dir"
node node_modules/espruino/bin/espruino-cli.js -q --config PRETOKENISE=1 in.js -o out.js > log.txt
cat > run.mjs <<'JS'
import { readFileSync } from "node:fs";

// Reserved words and `++`, `--` are bytes from 0x80 on, which no source has.
const lines = readFileSync("out.js", "latin1").trim().split("\n");
const source = readFileSync("in.js", "latin1").trim().split("\n");
const shown = lines.map((line) => line.replace(/[\x80-\xff]/g, (byte) => `<${byte.charCodeAt(0).toString(16)}>`));
for (const [i, line] of shown.entries()) console.log(`${source[i]}\n    sent as ${line}`);
const body = (line) => line.slice(line.indexOf("{") + 1, line.lastIndexOf("}"));
const asStated =
  body(shown[0]) === "<ab>high--low;" && body(shown[1]) === "<ab>a++b;" && body(shown[2]) === "<ab>a-<99>b;";
console.log(asStated ? "as stated" : "CHANGED: see above");
process.exitCode = asStated ? 0 : 1;
JS
node run.mjs
