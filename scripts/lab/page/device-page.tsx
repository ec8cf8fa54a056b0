/** A real device at the cable, by Web Serial. Fetched when somebody asks for it: the simulation needs none of this. */
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { partitionsOf } from "../../console/unit/board-info.ts";
import type { WebSerial } from "../serial/web-serial.ts";
import { Chart } from "./chart.tsx";
import { createDeviceControl, type DeviceControl, type DeviceState } from "./device-state.ts";
import { FlashMap } from "./flash-map.tsx";
import { LogView } from "./log-view.tsx";
import { save } from "./source-bar.tsx";
import { grouped } from "./words.ts";

/** Puts itself into the element, and returns what takes it away. */
export function showDevice(into: HTMLElement): () => void {
  const { serial } = navigator as Navigator & { serial?: WebSerial };
  if (serial === undefined) {
    render(<NoSerial />, into);
    return () => render(null, into);
  }
  const control = createDeviceControl(serial, () => render(<DevicePage control={control} />, into));
  render(<DevicePage control={control} />, into);
  return () => {
    void control.disconnect();
    render(null, into);
  };
}

function NoSerial() {
  return (
    <p class="loading">
      This browser has no Web Serial. Open the page in Chromium, Chrome or Edge on a computer, at 127.0.0.1 or by https;
      or use <code>npm run monitor</code>.
    </p>
  );
}

function DevicePage({ control }: { control: DeviceControl }) {
  const { state } = control;
  return (
    <>
      <ConnectBar control={control} />
      {state.notice !== undefined && (
        <p class={state.notice.isError ? "notice bad" : "notice"} role="alert">
          {state.notice.text}
        </p>
      )}
      <main class="device">
        <div class="side">
          <Status state={state} />
          {state.session !== undefined && <ProvisionForm control={control} />}
        </div>
        <div class="run">
          <StoredCharts state={state} />
          <LogView lines={state.lines} untilMs={Number.POSITIVE_INFINITY} title="Log of the device" clock />
        </div>
        <div class="side">
          {state.map !== undefined && (
            <FlashMap flash={state.map} title={`flash: ${state.data?.copy.region.label}`} hasWear={false} />
          )}
          <Partitions state={state} />
        </div>
      </main>
    </>
  );
}

function ConnectBar({ control }: { control: DeviceControl }) {
  const { session, busy, data } = control.state;
  const password = useRef<HTMLInputElement>(null);
  const connect = () => {
    const given = password.current?.value ?? "";
    if (password.current !== null) password.current.value = "";
    void control.connect(given);
  };
  const isBusy = busy !== undefined;
  if (session === undefined) {
    return (
      <div class="buttons">
        <button type="button" class="play wide" disabled={isBusy} onClick={connect}>
          Connect
        </button>
        <label>
          console password, if the unit has one <input ref={password} type="password" autocomplete="off" size={14} />
        </label>
        <span role="status">{busy}</span>
      </div>
    );
  }
  return (
    <div class="buttons">
      <b>
        Espruino {session.version} on {session.board}
      </b>
      <button type="button" disabled={isBusy} onClick={() => control.syncNow()}>
        Sync now
      </button>
      <button type="button" disabled={isBusy} onClick={() => control.readFlash()}>
        Read flash
      </button>
      <button
        type="button"
        disabled={data === undefined}
        title="read the flash first"
        onClick={() => save("samples.csv", control.csv(), "text/csv")}
      >
        Export CSV
      </button>
      <button type="button" disabled={isBusy} onClick={() => control.disconnect()}>
        Disconnect
      </button>
      <span role="status">{busy}</span>
    </div>
  );
}

function Status({ state: { status, session } }: { state: DeviceState }) {
  if (session === undefined) return null;
  if (status === undefined)
    return <p class="card">No firmware runs on this device. Put it there with npm run flash.</p>;
  const { quota, time, memory, ring } = status;
  const pending = status.streams.reduce((sum, one) => sum + one.pending, 0);
  return (
    <section class="card" aria-label="Status">
      <h2>backfill {status.version}</h2>
      <p>
        <b>{status.verdict === 0 ? "✓" : status.verdict}</b> {status.verdictText}
      </p>
      <table>
        <thead>
          <tr>
            <th>pin</th>
            <th>taken</th>
            <th>delivered</th>
            <th>pending</th>
            <th>dropped</th>
            <th title="slots without a sample">missed, failed</th>
          </tr>
        </thead>
        <tbody>
          {status.streams.map((one) => (
            <tr key={one.pin}>
              <th title={one.name}>{one.pin}</th>
              <td>{grouped(one.sampled)}</td>
              <td>{grouped(one.delivered)}</td>
              <td>{grouped(one.pending)}</td>
              <td title={droppedText(one.dropped)}>{grouped(Object.values(one.dropped).reduce((a, b) => a + b, 0))}</td>
              <td>{grouped(one.missed + one.failed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl>
        <dt>clock</dt>
        <dd>
          {time === null ? "not known yet" : `${new Date(time.trueMs).toISOString()} ±${Math.round(time.boundMs)} ms`}
        </dd>
        <dt>Wi-Fi</dt>
        <dd>{status.wifi ? "connected" : "not connected"}</dd>
        <dt>server</dt>
        <dd>{status.server || "none that can be used"}</dd>
        <dt>ring</dt>
        <dd>
          {ring.usedPages} of {ring.pages} pages
        </dd>
        <dt>today</dt>
        <dd>
          {quota === null
            ? "nothing is sent"
            : `${grouped(quota.pointsLeft)} points, ${grouped(quota.requestsLeft)} requests left`}
        </dd>
        <dt>memory</dt>
        <dd>
          {grouped(memory.used)} of {grouped(memory.total)} JsVars
        </dd>
        <dt>waiting</dt>
        <dd>{grouped(pending)} samples</dd>
      </dl>
      {status.faults.map((fault) => (
        <p class="bad" key={fault}>
          {fault}
        </p>
      ))}
    </section>
  );
}

function droppedText(dropped: object): string {
  return Object.entries(dropped)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(", ");
}

function StoredCharts({ state: { streams, data } }: { state: DeviceState }) {
  const dated = streams.filter((one) => one.readingCount > 0);
  if (data === undefined)
    return <p class="card quiet">“Read flash” shows what the device holds: its samples, and the pages they are in.</p>;
  const fromMs = Math.min(...dated.map((one) => one.readings.x[0]));
  const toMs = Math.max(...dated.map((one) => one.readings.x[one.readingCount - 1]));
  return (
    <div class="charts">
      {dated.length === 0 && <p class="card quiet">No sample that a clock dates.</p>}
      {dated.map((stream) => (
        <Chart
          key={stream.pin}
          stream={stream}
          isServerKnown={false}
          fromMs={fromMs}
          toMs={Math.max(toMs, fromMs + 60_000)}
          height={150}
          onSeek={() => {}}
          onZoom={() => {}}
        />
      ))}
    </div>
  );
}

function Partitions({ state: { board } }: { state: DeviceState }) {
  if (board === undefined) return null;
  const { partitions, memory, storage } = board;
  return (
    <section class="card" aria-label="Partitions">
      <h2>Partitions</h2>
      {typeof partitions === "string" && <p class="bad">{partitions}</p>}
      <table>
        <tbody>
          {partitionsOf(board).map(({ label, address, bytes }) => (
            <tr key={label}>
              <th>{label}</th>
              <td>0x{address.toString(16)}</td>
              <td>{grouped(bytes / 1024)} kB</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet">
        {grouped(memory.free)} of {grouped(memory.total)} JsVars free · Storage: {grouped(storage.freeBytes / 1024)} kB
        free
      </p>
    </section>
  );
}

/** What is typed goes to the device and nowhere else: the fields are emptied whether it worked or not. */
function ProvisionForm({ control }: { control: DeviceControl }) {
  const [isSent, setSent] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => () => form.current?.reset(), []);
  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const given = new FormData(form.current as HTMLFormElement);
    const text = (name: string) => String(given.get(name) ?? "");
    const entered: Record<string, unknown> = {};
    if (text("ssid") !== "") entered.networks = [{ ssid: text("ssid"), password: text("password") }];
    if (text("token") !== "") entered.token = text("token");
    if (text("server") !== "") entered.server = text("server");
    form.current?.reset();
    setSent(await control.provision(entered));
  }
  return (
    <form ref={form} class="card provision" autocomplete="off" onSubmit={submit}>
      <h2>Provision</h2>
      <label>
        Wi-Fi <input name="ssid" autocomplete="off" />
      </label>
      <label>
        its password <input name="password" type="password" autocomplete="new-password" />
      </label>
      <label>
        Blynk token <input name="token" type="password" autocomplete="new-password" />
      </label>
      <label>
        server <input name="server" placeholder="of the device file" autocomplete="off" />
      </label>
      <button type="submit" disabled={control.state.busy !== undefined}>
        Store on the device
      </button>
      <p class="quiet">
        {isSent ? "Stored." : "What you leave empty stays as it is on the device. The page keeps nothing of it."}
      </p>
    </form>
  );
}
