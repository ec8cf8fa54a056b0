/** The world around the unit: what breaks by a click, and what is broken now. Each click becomes an entry of the script. */
import type { Action } from "../protocol.ts";
import type { LabControl } from "./lab-control.ts";
import type { RunData } from "./run-data.ts";

type WindowList = Extract<Action, { do: "begin" }>["list"];
type Fault = [label: string, list: WindowList, entry: Record<string, unknown>];

const FAULTS: { title: string; faults: Fault[] }[] = [
  {
    title: "Wi-Fi",
    faults: [
      ["no access point", "wifi", { kind: "gone" }],
      ["wrong password", "wifi", { kind: "wrong-password" }],
      ["weak signal", "wifi", { kind: "weak" }],
      ["no internet", "wifi", { kind: "no-internet" }],
      ["dead link", "wifi", { kind: "dead" }],
      ["no DNS", "dns", {}],
    ],
  },
  {
    title: "Time servers",
    faults: [
      ["no answer", "ntp", { kind: "blocked" }],
      ["answers 2 s late", "ntp", { kind: "late", delay: "2s" }],
      ["all lie by 1 h", "ntp", { kind: "lies", offset: "1h" }],
      ["first lies by 1 h", "ntp", { kind: "lies", offset: "1h", server: 0 }],
      ["second lies by 1 h", "ntp", { kind: "lies", offset: "1h", server: 1 }],
      ["third lies by 1 h", "ntp", { kind: "lies", offset: "1h", server: 2 }],
      ["kiss of death", "ntp", { kind: "kiss" }],
      ["unsynchronized", "ntp", { kind: "unsynchronized" }],
      ["leap smear", "ntp", { kind: "lies", smear: "1s" }],
    ],
  },
  {
    title: "Server",
    faults: [
      ["captive portal", "http", { kind: "html" }],
      ["portal redirects", "http", { kind: "redirect" }],
      ["connection refused", "http", { kind: "refused" }],
      ["TLS fails", "http", { kind: "tls" }],
      ["500, not stored", "http", { kind: "status", status: 500, body: "" }],
      ["429, not stored", "http", { kind: "status", status: 429, body: "" }],
      ["token refused", "http", { kind: "status", status: 400, body: '{"error":{"message":"Invalid token."}}' }],
      ["stored, answer lost", "http", { kind: "lost" }],
      ["stored, answer late", "http", { kind: "late", delay: "60s" }],
      ["reset in the body", "http", { kind: "reset", afterBytes: 500 }],
      ["silent", "http", { kind: "silent" }],
      ["garbage", "http", { kind: "garbage" }],
      ["half of the answers lost", "http", { kind: "lost", share: 0.5 }],
      ["Date 1 h wrong", "http", { kind: "date", dateOffset: "1h" }],
    ],
  },
  {
    title: "Sensors",
    faults: [
      ["hang", "sensors", { kind: "hang" }],
      ["not a number", "sensors", { kind: "nan" }],
      ["throw", "sensors", { kind: "throw" }],
    ],
  },
];

const MOMENTS: [label: string, action: Action, title: string][] = [
  ["Cut the power", { do: "power", kind: "cut", offMs: 5000 }, "5 s without power  X"],
  [
    "Cut in the next flash write",
    { do: "cut-in-flash", offMs: 5000 },
    "the byte that is being programmed is torn  Shift X",
  ],
  ["Off for a day", { do: "power", kind: "cut", offMs: 86_400_000 }, "a day without power"],
  ["Reset", { do: "power", kind: "reset" }, "the chip restarts; its clock runs on"],
  ["Clock +1 h", { do: "set-time", kind: "console", offsetMs: 3_600_000 }, "somebody calls setTime on the console"],
  [
    "Clock −1 h, underneath",
    { do: "set-time", kind: "underneath", offsetMs: -3_600_000 },
    "the system clock is set, and nobody tells the firmware",
  ],
];

export function World({ run, control }: { run: RunData; control: LabControl }) {
  return (
    <section class="world" aria-label="World">
      <Broken run={run} control={control} />
      <div class="group">
        <h2>Power and clock</h2>
        <div class="faults">
          {MOMENTS.map(([label, action, title]) => (
            <button type="button" key={label} title={title} onClick={() => control.act(action)}>
              {label}
            </button>
          ))}
        </div>
      </div>
      {FAULTS.map(({ title, faults }) => (
        <FaultGroup key={title} title={title} faults={faults} run={run} control={control} />
      ))}
    </section>
  );
}

interface GroupProps {
  title: string;
  faults: Fault[];
  run: RunData;
  control: LabControl;
}

function FaultGroup({ title, faults, run, control }: GroupProps) {
  const open = openEntries(run);
  const openAs = (list: WindowList, wanted: Record<string, unknown>) =>
    open.find((one) => one.list === list && sameFault(one.entry, wanted));
  return (
    <div class="group">
      <h2>{title}</h2>
      <div class="faults">
        {faults.map(([label, list, entry]) => {
          const active = openAs(list, entry);
          return (
            <button
              type="button"
              key={label}
              aria-pressed={active !== undefined}
              onClick={() =>
                control.act(
                  active === undefined ? { do: "begin", list, entry } : { do: "end", list, index: active.index },
                )
              }
            >
              {label}
            </button>
          );
        })}
      </div>
    </div>
  );
}

interface OpenEntry {
  list: WindowList;
  index: number;
  entry: Record<string, unknown>;
}

const LISTS: WindowList[] = ["wifi", "dns", "ntp", "http", "sensors"];

/** Entries of the script that hold at the shown moment. */
function openEntries({ info, view }: RunData): OpenEntry[] {
  const { script } = info.source;
  return LISTS.flatMap((list) =>
    ((script[list] ?? []) as Record<string, unknown>[])
      .map((entry, index) => ({ list, index, entry }))
      .filter(
        ({ entry }) =>
          msOf(entry.from, 0) <= view.nowMs + 1000 && msOf(entry.to, Number.POSITIVE_INFINITY) > view.nowMs,
      ),
  );
}

const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A duration of a script, for the eye only: the engine decides. */
function msOf(duration: unknown, otherwise: number): number {
  if (typeof duration === "number") return duration;
  const match = /^(-?[\d.]+) ?(ms|s|min|m|h|d|w)$/.exec(String(duration));
  return match === null ? otherwise : Number(match[1]) * UNIT_MS[match[2]];
}

function sameFault(entry: Record<string, unknown>, wanted: Record<string, unknown>): boolean {
  const { from: _, to: __, ...fault } = entry;
  return JSON.stringify(Object.entries(fault).sort()) === JSON.stringify(Object.entries(wanted).sort());
}

function Broken({ run, control }: { run: RunData; control: LabControl }) {
  const { view, info } = run;
  const { offline } = info.source.script;
  const isOffline = msOf(offline, 0) > view.nowMs;
  const open = openEntries(run);
  return (
    <div class="group broken">
      <h2>Broken now</h2>
      {!isOffline && open.length === 0 && <p class="quiet">nothing</p>}
      {isOffline && (
        <p>
          offline by the script ({String(offline)})
          <button type="button" onClick={() => control.act({ do: "end-offline" })}>
            End
          </button>
        </p>
      )}
      {open.map(({ list, index, entry }) => (
        <p key={`${list}${index}`}>
          {faultText(list, entry)}
          {entry.to === undefined || msOf(entry.from, 0) < view.nowMs ? (
            <button
              type="button"
              aria-label={`End ${faultText(list, entry)}`}
              onClick={() => control.act({ do: "end", list, index })}
            >
              End
            </button>
          ) : null}
        </p>
      ))}
    </div>
  );
}

function faultText(list: string, entry: Record<string, unknown>): string {
  const { from: _, to, kind, ...rest } = entry;
  const more = Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`);
  return [
    `${list}${kind === undefined ? "" : `: ${String(kind)}`}`,
    ...more,
    ...(to === undefined ? [] : [`to ${String(to)}`]),
  ].join(", ");
}
