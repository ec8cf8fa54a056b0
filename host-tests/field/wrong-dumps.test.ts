import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backfill } from "../../scripts/backfill.ts";
import { type StandInServer, startServer } from "../../scripts/blynk-stand-in/server.ts";
import { BlynkStandIn } from "../../scripts/blynk-stand-in/stand-in.ts";
import { exportSamples } from "../../scripts/export.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { chipWithSamples, STREAMS } from "../support/console/chip-with-samples.ts";
import { TOKEN } from "../support/console/console-rig.ts";
import { dumpRows } from "../support/console/dump-rows.ts";
import { blankChip } from "../support/console/fake-machine.ts";
import { openRegionOf } from "../support/console/stored-region.ts";
import { makeTempFolder } from "../support/console/temp-folder.ts";

const BEGIN = 0x310000;
const END = 0x320000;

function write(bytes: Uint8Array): string {
  const path = join(makeTempFolder(), "flash.bin");
  writeFileSync(path, bytes);
  return path;
}

async function exported(bytes: Uint8Array, ...args: string[]) {
  const terminal = captureTerminal();
  const status = await exportSamples(["--dump", write(bytes), ...args], terminal);
  return { status, text: terminal.text() };
}

describe("export of a dump that was read at a wrong place", () => {
  it.each([
    ["too early, by whole pages", -0x3000],
    ["too early, by a part of a page", -0x834],
    ["from address 0x1000 of the chip", 0x1000 - BEGIN],
  ])("finds the data when it was read %s, and says that its end may be missing", async (_, offset) => {
    const chip = chipWithSamples(300, 40);
    const dump = chip.slice(BEGIN + offset, END);
    expect(await dumpRows(dump)).toEqual(await dumpRows(chip));
    const begins = `0x${(-offset).toString(16)}`;
    expect((await exported(dump)).text).toContain(`The data begins at ${begins} of the dump`);
  });

  it.each([
    ["a page too late", 0x1000, /nothing that dates them/],
    ["behind the ledger", 0x2000, /holds samples, and nothing that dates them/],
    ["in the middle of the ring", 0x3000, /holds samples, and nothing that dates them/],
    ["a part of a page too late", 0x834, /nothing that dates them|behind the beginning/],
  ])("refuses one that was read %s, with what to do", async (_, offset, message) => {
    const chip = chipWithSamples(6000, 40);
    const { status, text } = await exported(chip.slice(BEGIN + offset, END));
    expect(text).toMatch(message);
    expect(text).toContain("esptool read_flash 0 ALL flash.bin");
    expect(status).toBe(1);
  });

  it.each([
    ["0x311000:0xf000", /does not begin at 0x311000\./],
    ["0x30f000:0x11000", /does not begin at 0x30f000, but at 0x310000/],
    ["0x312000:0xe000", /does not begin at 0x312000\./],
  ])("refuses --region %s, which begins elsewhere than the data", async (region, message) => {
    const { status, text } = await exported(chipWithSamples(6000, 40), "--region", region);
    expect(text).toMatch(message);
    expect(status).toBe(1);
  });

  it("says by how much it was read too late when the ledger's second bank is in it", async () => {
    const chip = chipWithSamples(300);
    const { ledger } = openRegionOf(chip, STREAMS);
    for (let i = 0; i < 300; i++) ledger.boot(9 + 8 * i, 300 * 60000 + i * 1000);
    expect(chip[BEGIN + 0x1000]).not.toBe(255);
    expect((await exported(chip.slice(BEGIN + 0x1000, END))).text).toContain("begins 4096 bytes behind the beginning");
    const { text } = await exported(chip, "--region", "0x311000:0xf000");
    expect(text).toContain("does not begin at 0x311000, but at 0x310000");
  });

  it("names a dump of the chip that ends before the region does", async () => {
    const { status, text } = await exported(chipWithSamples(300).slice(0, 0x318000));
    expect(text).toContain("cut short: it ends at 0x318000, and the partition flash ends at 0x320000");
    expect(status).toBe(1);
  });
});

describe("backfill of a dump that lacks something", () => {
  let server: StandInServer;
  beforeEach(async () => {
    server = await startServer(new BlynkStandIn({ tokens: [TOKEN] }));
  });
  afterEach(() => server.close());

  async function sent(bytes: Uint8Array) {
    const terminal = captureTerminal({ env: { BACKFILL_TOKEN: TOKEN } });
    const status = await backfill(["--dump", write(bytes), "--server", server.url], terminal);
    return { status, text: terminal.text() };
  }

  it("never says that everything was sent when the newest pages are missing", async () => {
    const chip = chipWithSamples(12000, 12000);
    const { status, text } = await sent(chip.slice(BEGIN, BEGIN + 0x7000));
    expect(text).toContain("The ledger knows of newer pages than these");
    expect(text).not.toContain("everything sent");
    expect(status).toBe(1);
  });

  it("names a ring without a free page as cut short", async () => {
    const chip = chipWithSamples(16000);
    const { status, text } = await sent(chip.slice(BEGIN, BEGIN + 0x7000));
    expect(text).toContain("The ring has no free page");
    expect(text).not.toContain("everything sent");
    expect(status).toBe(1);
  });

  it("names a dump that is smaller than any partition, unless its size is named", async () => {
    const dump = chipWithSamples(6000, 40).slice(BEGIN, BEGIN + 0x9000);
    const { status, text } = await sent(dump);
    expect(text).toContain("No partition for samples has the size of this dump, 36864 bytes");
    expect(text).not.toContain("everything sent");
    expect(status).toBe(1);
    expect((await exported(dump, "--region", "0x0:0x9000")).text).not.toMatch(/! /);
  });

  it("names a page whose header can't be read", async () => {
    const dump = chipWithSamples(300).slice(BEGIN, END);
    dump.fill(0x5a, 0x2000, 0x2100);
    const { status, text } = await sent(dump);
    expect(text).toContain("1 page holds what can't be read, at 0x2000 of the data");
    expect(text).not.toContain("everything sent");
    expect(status).toBe(1);
  });

  it("never says that everything was sent of pages that are larger than was said", async () => {
    const terminal = captureTerminal({ env: { BACKFILL_TOKEN: TOKEN } });
    const dump = chipWithSamples(3000).slice(BEGIN, END);
    const status = await backfill(["--dump", write(dump), "--server", server.url, "--page-bytes", "512"], terminal);
    expect(terminal.text()).not.toContain("everything sent");
    expect(status).toBe(1);
  });

  it("never says that everything was sent when the ledger was lost and nothing is pending", async () => {
    const chip = blankChip();
    const { ring, ledger } = openRegionOf(chip, [{ pin: 1, intervalMs: 60000, decimals: 1 }]);
    ledger.boot(8, 1);
    ring.start(8);
    ring.append(1, 1000, 205);
    const region = chip.slice(BEGIN, END);
    region.fill(255, 0, 0x2000);
    const { status, text } = await sent(region);
    expect(text).toContain("The ledger can't be read");
    expect(text).not.toContain("everything sent");
    expect(status).toBe(1);
  });
});

it.each([5, 3000, 16000, 40000])("doubts no whole dump, of %i samples", async (count) => {
  const { status, text } = await exported(chipWithSamples(count));
  expect(text).not.toMatch(/! /);
  expect(status).toBe(0);
});
