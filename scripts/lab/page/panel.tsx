/** The unit as it hangs on the wall: its LED and its button. */
import type { LabControl } from "./lab-control.ts";
import type { RunData } from "./run-data.ts";

const TRACE_MS = 10_000;

export function Panel({ run, control }: { run: RunData; control: LabControl }) {
  const { view } = run;
  const { led, status } = view;
  const wifi =
    view.wifi.joined === undefined ? "no Wi-Fi" : view.wifi.dead ? `${view.wifi.joined}: dead link` : view.wifi.joined;
  return (
    <section class="card unit" aria-label="The unit">
      <i class={led.lit ? "led lit" : "led"} role="img" aria-label={led.lit ? "LED on" : "LED off"} />
      <div>
        <p>
          <b>{view.power === "on" ? "on" : view.power === "boot" ? "starting" : "no power"}</b>, {wifi}, boot{" "}
          {view.boots}
        </p>
        <p class="verdict" title="how the last sync ended: LED blinks, and in words">
          {status === undefined
            ? "no sync yet"
            : `${status.verdict === 0 ? "✓" : status.verdict} ${status.verdictText}`}
        </p>
        <LedTrace atMs={view.atMs} changesMs={led.changesMs} isLit={led.lit} />
      </div>
      <button
        type="button"
        class="press"
        onClick={() => control.act({ do: "press" })}
        title="press the unit's button: sync now  P"
      >
        Press
      </button>
    </section>
  );
}

/** How the LED went in the 10 s before. */
function LedTrace({ atMs, changesMs, isLit }: { atMs: number; changesMs: number[]; isLit: boolean }) {
  const x = (ms: number) => Math.max(0, 100 - ((atMs - ms) * 100) / TRACE_MS);
  // From the last change back: each one turned it over.
  const lit: [number, number][] = [];
  let state = isLit;
  let end = atMs;
  for (let i = changesMs.length - 1; i >= 0; i--) {
    if (state) lit.push([x(changesMs[i]), x(end)]);
    end = changesMs[i];
    state = !state;
  }
  if (state) lit.push([0, x(end)]);
  return (
    <svg
      class="trace"
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      role="img"
      aria-label="LED in the last 10 seconds"
    >
      <rect width="100" height="4" class="off" />
      {lit.map(([from, to]) => (
        <rect key={from} x={from} width={Math.max(0.4, to - from)} height="4" class="on" />
      ))}
    </svg>
  );
}
