#!/usr/bin/env bash
# Seen 2026-11-27 with retry 0.13.1 and p-retry 7.1.1, Node.js 20.
#
# Expected: with `randomize: true` two clients that failed together never wait equally long, however long the outage
#   lasts. Both READMEs say that the wait is multiplied by a factor between 1 and 2.
# What happens: the factor is applied before `maxTimeout` cuts the wait. Once the undrawn wait has reached
#   `maxTimeout`, every client waits exactly `maxTimeout`: the jitter is gone.
# Why it matters for a logger: an outage of a day is long, so a whole fleet is at the cap when the server returns.
#   Devices that failed together then come back together, in the same second, every hour. A wait that is drawn
#   between 0 and the capped limit ("full jitter") keeps them apart.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --no-save --silent --prefix "$dir" retry@0.13.1 p-retry@7.1.1 > /dev/null

cat > "$dir/run.mjs" <<'JS'
import pRetry from "p-retry";
import retry from "retry";

// The first wait 4 s, doubling, at most an hour: 4 s × 2^10 is the first that is over the hour.
const options = { retries: 14, factor: 2, minTimeout: 4000, maxTimeout: 3600000, randomize: true };
const CLIENTS = 100;

/** The waits of one client of p-retry: timers are noted and come at once. */
async function waitsOfPRetry() {
  const waits = [];
  const realSetTimeout = globalThis.setTimeout;
  globalThis.setTimeout = (callback, ms) => {
    waits.push(ms);
    return realSetTimeout(callback, 0);
  };
  try {
    await pRetry(() => Promise.reject(new Error("no answer")), options);
  } catch {
    // All tries are used up, as they should be.
  } finally {
    globalThis.setTimeout = realSetTimeout;
  }
  return waits;
}

/** Different waits among the clients, try by try. */
const spread = (clients) => clients[0].map((_, i) => new Set(clients.map((waits) => waits[i])).size);

const ofRetry = spread(Array.from({ length: CLIENTS }, () => retry.timeouts(options)));
const clients = [];
for (let i = 0; i < CLIENTS; i++) clients.push(await waitsOfPRetry());
const ofPRetry = spread(clients);

console.log(`different waits among ${CLIENTS} clients, try by try`);
console.log(`  retry   ${ofRetry.join(" ")}`);
console.log(`  p-retry ${ofPRetry.join(" ")}`);
const asStated = [ofRetry, ofPRetry].every(
  (counts) => counts.length === 14 && counts.slice(0, 10).every((n) => n > 50) && counts.slice(10).every((n) => n === 1),
);
console.log(asStated ? "as stated: from the 11th try on, all clients wait exactly as long" : "CHANGED: see above");
process.exitCode = asStated ? 0 : 1;
JS
node "$dir/run.mjs"
