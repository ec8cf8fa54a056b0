/** Where every sample is: the counters that have to balance, and what was lost. */
import { SAMPLE_STATES } from "../protocol.ts";
import type { RunData } from "./run-data.ts";
import { grouped, lasting, STATE_COLOURS, STATE_WORDS } from "./words.ts";

export function Account({ run }: { run: RunData }) {
  const { totals, status } = run.view;
  const counts = SAMPLE_STATES.map((_, i) => run.streams.reduce((sum, stream) => sum + (stream.counts[i] ?? 0), 0));
  const balances = totals.sampled === totals.delivered + totals.waiting + totals.dropped;
  const isSound = totals.lost === 0 && balances;
  return (
    <section class="card account" aria-label="Account of the samples">
      <div class={isSound ? "lost good" : "lost bad"} role="status">
        lost: <b>{grouped(totals.lost)}</b>
      </div>
      <p class="sum" title="samples on flash = on the server + waiting + let go of and counted">
        <b>{grouped(totals.sampled)}</b> = <span class="delivered">{grouped(totals.delivered)} delivered</span> +{" "}
        <span class="pending">{grouped(totals.waiting)} waiting</span> +{" "}
        <span class="dropped">{grouped(totals.dropped)} dropped</span> {balances ? "✓" : "✗ does not add up"}
      </p>
      <ul class="states">
        {SAMPLE_STATES.map(
          (state, i) =>
            (counts[i] > 0 || i < 4) && (
              <li key={state} title={STATE_WORDS[state]}>
                <i class={i > 3 ? "swatch half" : "swatch"} style={{ background: `var(${STATE_COLOURS[state]})` }} />
                {state} <b>{grouped(counts[i])}</b>
              </li>
            ),
        )}
        <li title="readings that failed: no sample was taken">
          failed <b>{grouped(run.streams.reduce((sum, one) => sum + one.failed, 0))}</b>
        </li>
        {status !== undefined && (
          <li title="slots that were not served in time: no sample was taken">
            missed <b>{grouped(Object.values(status.missed).reduce((sum, one) => sum + one, 0))}</b>
          </li>
        )}
      </ul>
      {status !== undefined && !status.balanced && (
        <p class="bad">The firmware's own counters don't agree with the simulator's.</p>
      )}
      {totals.violations.map((text) => (
        <p class="bad" key={text}>
          Against the server's rules: {text}
        </p>
      ))}
    </section>
  );
}

export function Day({ run }: { run: RunData }) {
  const { status, memory } = run.view;
  const quota = status?.quota;
  return (
    <section class="card" aria-label="Allowance and memory">
      <Bar
        label="allowance of the day"
        value={quota === undefined ? 0 : quota.pointsMax - quota.pointsLeft}
        max={quota?.pointsMax ?? 1}
        text={
          quota === undefined
            ? "not asked yet"
            : `${grouped(quota.pointsLeft)} points, ${grouped(quota.requestsLeft)} requests left`
        }
      />
      <Bar
        label="memory, at most"
        value={memory.jsVarsMax}
        max={memory.jsVarsOf}
        text={
          memory.phase === "off"
            ? "off"
            : `${grouped(memory.jsVarsMax)} of ${grouped(memory.jsVarsOf)} JsVars (${memory.phase})`
        }
        hint="The budget to which tests on the real interpreter hold the firmware; the simulator can't measure it."
      />
      <dl>
        <dt>clock</dt>
        <dd>{clockText(run)}</dd>
        <dt>backlog</dt>
        <dd>{backlogText(run)}</dd>
      </dl>
      {status?.faults.map((fault) => (
        <p class="bad" key={fault}>
          {fault}
        </p>
      ))}
    </section>
  );
}

function clockText({ view }: RunData): string {
  const time = view.status?.time;
  if (time === undefined) return "not known yet";
  return `within ${Math.round(time.boundMs)} ms; truly ${Math.abs(time.errorMs).toFixed(0)} ms off`;
}

function backlogText({ view }: RunData): string {
  const clearsMs = view.status?.backlogClearsMs;
  if (clearsMs === undefined || view.totals.waiting === 0) return view.totals.waiting === 0 ? "none" : "not known";
  return clearsMs === 0 ? "none" : `sent in about ${lasting(clearsMs)}`;
}

interface BarProps {
  label: string;
  value: number;
  max: number;
  text: string;
  hint?: string;
}

function Bar({ label, value, max, text, hint }: BarProps) {
  return (
    <div class="bar" title={hint}>
      <span>{label}</span>
      <meter min={0} max={max} value={value} aria-label={`${label}: ${text}`} />
      <span class="numbers">{text}</span>
    </div>
  );
}
