// Refuses a Node.js that is too old, in words. It runs before anything else is loaded, so it is written for the oldest:
// ES5 and CommonJS.
"use strict";
var needed = require("../package.json").engines.node.replace(">=", "");
var text = "Node.js RUNNING is too old: NEEDED or newer is needed. https://nodejs.org has it.";
var running = process.versions.node;

function isOlder(a, b) {
  var one = a.split(".");
  var other = b.split(".");
  var i;
  for (i = 0; i < other.length; i++) {
    if (Number(one[i]) !== Number(other[i])) return Number(one[i]) < Number(other[i]);
  }
  return false;
}

if (isOlder(running, needed)) {
  console.error(text.replace("RUNNING", running).replace("NEEDED", needed));
  process.exit(1);
}
