import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { backfill } from "../../scripts/backfill.ts";
import { type StandInServer, startServer } from "../../scripts/blynk-stand-in/server.ts";
import { BlynkStandIn } from "../../scripts/blynk-stand-in/stand-in.ts";
import { deliverDump } from "../../scripts/console/stored-data/dump-delivery.ts";
import { hostHttp, hostTimers } from "../../scripts/console/stored-data/host-ports.ts";
import { openProgress } from "../../scripts/console/stored-data/progress-file.ts";
import { exportSamples } from "../../scripts/export.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { TOKEN } from "../support/console/console-rig.ts";
import { blankChip } from "../support/console/fake-machine.ts";
import { openRegionOf } from "../support/console/stored-region.ts";
import { makeTempFolder } from "../support/console/temp-folder.ts";
import { addFix } from "../support/fixes.ts";

const MINUTE_MS = 60000;
const STREAMS = [
  { pin: 1, intervalMs: MINUTE_MS, decimals: 1 },
  { pin: 7, intervalMs: MINUTE_MS, decimals: 0 },
];

let dump: string;
let server: StandInServer;
let standIn: BlynkStandIn;

beforeEach(async () => {
  dump = join(makeTempFolder(), "flash.bin");
  standIn = new BlynkStandIn({ tokens: [TOKEN] });
  server = await startServer(standIn);
});
afterEach(() => server.close());

/** The dump of a device that logged `count` samples of each datastream and died `agoMs` ago. */
function writeDump(count: number, agoMs = MINUTE_MS): void {
  const chip = blankChip();
  chip.set(Buffer.from(JSON.stringify({ token: TOKEN })), 0x320100);
  const { ledger, ring } = openRegionOf(chip, STREAMS);
  const startMs = Date.now() - count * MINUTE_MS - agoMs;
  ledger.boot(8, 1);
  ring.start(8);
  for (let i = 0; i < count; i++) {
    ring.append(1, 1000 + i * MINUTE_MS, 205 + (i % 10));
    ring.append(7, 1500 + i * MINUTE_MS, 400 + (i % 3));
  }
  addFix(ledger, 8, 1000, startMs, 20);
  addFix(ledger, 8, 1000 + (count - 1) * MINUTE_MS, startMs + (count - 1) * MINUTE_MS, 20);
  writeFileSync(dump, chip);
}

async function run(args: string[], env: Record<string, string> = { BACKFILL_TOKEN: TOKEN }) {
  const terminal = captureTerminal({ env });
  const status = await backfill(["--dump", dump, "--server", server.url, ...args], terminal);
  expect(terminal.text()).not.toContain(TOKEN);
  return { status, text: terminal.text() };
}

describe("backfill", () => {
  it("sends every sample of a dump within the contract, and does not change the dump", async () => {
    writeDump(1500);
    const before = readFileSync(dump);
    const { status, text } = await run([]);
    expect(text).toContain("3000 samples delivered, 0 left: everything sent");
    expect(status).toBe(0);
    expect([...standIn.points()]).toHaveLength(3000);
    expect(standIn.violations).toEqual([]);
    expect(readFileSync(dump).equals(before)).toBe(true);
  });

  it("continues where it stopped, and sends nothing twice", async () => {
    writeDump(200);
    await run([]);
    const requests = standIn.stats().requests;
    const { status, text } = await run([]);
    expect(status).toBe(0);
    expect(text).toContain("Continuing from the progress in");
    expect(text).toContain("0 samples delivered, 0 left");
    // The check of the token, and nothing else.
    expect(standIn.stats().requests).toBe(requests + 1);
    expect(standIn.stats().duplicates).toBe(0);
  });

  it("keeps the plan's daily limit and says when to run again", async () => {
    writeDump(200);
    const { status, text } = await run(["--points-per-day", "150"]);
    expect(status).toBe(1);
    expect(text).toContain("150 samples delivered");
    expect(text).toMatch(/250 left: daily limit reached.*\n?.*/);
    expect(text).toMatch(/Run the command again in \d+ h/);
    expect(standIn.stats().pointsMaxIn24h).toBe(150);
  });

  it("keeps what the server refused for the next run", async () => {
    writeDump(100);
    const refusal = { status: 401, headers: {}, body: "" };
    server.fault = ({ method }) => (method === "POST" ? { kind: "answer", answer: refusal } : undefined);
    expect((await run([])).status).toBe(1);
    server.fault = undefined;
    expect((await run([])).status).toBe(0);
    expect([...standIn.points()]).toHaveLength(200);
    expect(standIn.violations).toEqual([]);
  });

  it("sends a batch without an answer again, byte for byte, also after an interruption", async () => {
    writeDump(100);
    const settings = { server: server.url, token: TOKEN, random: () => 0 };
    const deliverOnce = async () => {
      const progress = openProgress(`${dump}.progress`, readFileSync(dump), undefined, 4096);
      const outcome = await deliverDump(progress.copy, settings, hostHttp(), hostTimers(), () => {});
      progress.close();
      return outcome;
    };
    server.fault = ({ method }) => (method === "POST" ? { kind: "hangUp" } : undefined);
    expect((await deliverOnce()).delivered).toBe(0);
    server.fault = undefined;
    expect(await deliverOnce()).toMatchObject({ delivered: 200, pending: 0 });
    expect(standIn.stats().replays).toBeGreaterThan(0);
    expect(standIn.violations).toEqual([]);
  });

  it("keeps no secret in the progress file, and export can read that file", async () => {
    writeDump(50);
    await run([]);
    const progress = `${dump}.progress`;
    expect(readFileSync(dump).includes(TOKEN)).toBe(true);
    expect(readFileSync(progress).includes(TOKEN)).toBe(false);
    const terminal = captureTerminal();
    expect(await exportSamples(["--dump", progress], terminal)).toBe(0);
    expect(new Set(terminal.out.slice(1).map((line) => line.split(",")[5]))).toEqual(new Set(["delivered"]));
  });

  it("writes no progress file before it has found data", async () => {
    writeDump(50);
    for (const region of ["0x0:0x10000", "0x310000:0x6000", "nowhere"]) {
      const { status, text } = await run(["--region", region]);
      expect(status).toBe(1);
      expect(text).toMatch(/no data of this firmware at 0x0|at least 7|no partition nowhere/);
      expect(existsSync(`${dump}.progress`)).toBe(false);
    }
    const otherFormat = readFileSync(dump);
    // The highest byte of a page's magic is the version of the format; the CRC of the header has to fit it.
    const header = otherFormat.subarray(0x312000, 0x312030);
    header[3]++;
    header.writeUInt32LE(crc32(header.subarray(0, 44)), 44);
    writeFileSync(dump, otherFormat);
    expect((await run([])).text).toContain("Another version of the firmware wrote the data");
    expect(existsSync(`${dump}.progress`)).toBe(false);
    expect(standIn.stats().requests).toBe(0);
  });

  it("invents no times when the ledger was lost: it counts the samples as undated, and says so", async () => {
    writeDump(100);
    await run([]);
    const delivered = [...standIn.points()].length;
    const chip = new Uint8Array(readFileSync(dump));
    chip.fill(255, 0x310000, 0x312000);
    writeFileSync(dump, chip);
    const { status, text } = await run(["--progress", `${dump}.lost`]);
    expect([...standIn.points()]).toHaveLength(delivered);
    expect(text).toContain("0 samples delivered, 200 undated, 0 left: undated samples: held, or let go for good");
    expect(text).not.toContain("everything sent");
    expect(text).toContain("nothing in the dump says when they were taken");
    expect(status).toBe(1);
    const exporting = captureTerminal();
    await exportSamples(["--dump", dump], exporting);
    expect(exporting.text()).toContain("Samples: 200 undated.\nNo fix dates 200 samples");
  });

  it("refuses the progress file of another dump", async () => {
    writeDump(50);
    await run([]);
    writeDump(60);
    const { status, text } = await run([]);
    expect(status).toBe(1);
    expect(text).toContain("progress of another dump");
  });

  it("charges nothing when the server can't be reached or does not know the token", async () => {
    writeDump(50);
    const other = await run([], { BACKFILL_TOKEN: `${TOKEN}x` });
    expect(other.status).toBe(1);
    expect(other.text).toContain("does not know the token");
    expect(other.text).not.toContain(`${TOKEN}x`);
    const gone = captureTerminal({ env: { BACKFILL_TOKEN: TOKEN } });
    expect(await backfill(["--dump", dump, "--server", "http://127.0.0.1:9"], gone)).toBe(1);
    expect(gone.text()).toContain("was not reached");
    expect([...standIn.points()]).toEqual([]);
    expect((await run([])).text).toContain("100 samples delivered");
  });

  it("never says that everything was sent when samples were too old for the server, nor in the next run", async () => {
    writeDump(20, 40 * 86_400_000);
    for (const _ of ["first", "second"]) {
      const { status, text } = await run([]);
      expect(text).toContain("0 samples delivered, 40 too old, 0 left: nothing more can be sent.");
      expect(text).toContain("40 samples were not sent: older than 28 days, which the server does not take.");
      expect(text).not.toContain("everything sent");
      expect(status).toBe(1);
    }
    expect([...standIn.points()]).toEqual([]);
  });

  it("says in words that an answer is no HTTP, before it sends and after", async () => {
    writeDump(10);
    const garbage = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end("hello\r\n\r\n"));
    });
    await new Promise<void>((done) => garbage.listen(0, "127.0.0.1", done));
    onTestFinished(() => void garbage.close());
    const url = `http://127.0.0.1:${(garbage.address() as AddressInfo).port}`;
    const terminal = captureTerminal({ env: { BACKFILL_TOKEN: TOKEN } });
    expect(await backfill(["--dump", dump, "--server", url], terminal)).toBe(1);
    expect(terminal.text()).toContain(`${url} was not reached: what it answered is no HTTP.`);
    const progress = openProgress(`${dump}.progress`, readFileSync(dump), undefined, 4096);
    const settings = { server: url, token: TOKEN, random: () => 0 };
    const { fault } = await deliverDump(progress.copy, settings, hostHttp(), hostTimers(), () => {});
    progress.close();
    expect(fault).toContain("what it answered is no HTTP");
    expect(fault).not.toMatch(/HPE_|Parse Error/);
  });

  it("names a progress file that can't be written", async () => {
    writeDump(10);
    const { status, text } = await run(["--progress", join(dump, "x", "y.progress")]);
    expect(status).toBe(1);
    expect(text).toMatch(/y\.progress can't be written: (a part of its path is a file|there is no such file)/);
    expect(text).not.toMatch(/ENO/);
  });

  it("refuses a size of pages that no chip has", async () => {
    writeDump(10);
    for (const bytes of ["1", "100", "0", "1e9", "x"]) {
      const { status, text } = await run(["--page-bytes", bytes]);
      expect(status).toBe(2);
      expect(text).toContain("Give a multiple of 256 up to 65536");
    }
  });

  it("says what is missing", async () => {
    writeDump(10);
    expect((await run([], {})).text).toContain("There is no token");
    expect((await run(["--server", "blynk.cloud"])).text).toContain("has to begin with https://");
    expect((await run(["--token", "abc"])).text).toContain("token is too short");
  });
});
