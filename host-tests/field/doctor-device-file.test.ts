import { describe, expect, it } from "vitest";
import type { Finding } from "../../scripts/console/doctor/finding.ts";
import { doctor } from "../../scripts/doctor.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { startRig, TOKEN, tinyFirmware, WIFI_PASSWORD } from "../support/console/console-rig.ts";
import { blankChip } from "../support/console/fake-machine.ts";
import { deviceSource, writeDeviceFile } from "../support/console/flash-rig.ts";
import { openRegionOf } from "../support/console/stored-region.ts";

/** In the middle of ota_0: no label names it. */
const ELSEWHERE = { address: 0x200000, bytes: 0x10000 };

interface Given {
  flash?: Uint8Array;
  server?: string;
  program?: string;
}

async function run({ flash, server, program = tinyFirmware("0.1.0") }: Given, ...args: string[]) {
  const rig = await startRig({
    flash,
    prepare: (machine) => {
      machine.storage.write(".bootcde", program);
      const networks = [{ ssid: "Barn", password: WIFI_PASSWORD }];
      machine.storage.write("backfill.json", JSON.stringify({ token: TOKEN, networks, server }));
    },
  });
  const terminal = captureTerminal();
  await doctor(["--port", rig.port, "--json", "--no-server", ...args], terminal);
  const { findings } = JSON.parse(terminal.out.join("\n")) as { findings: Finding[] };
  return (name: string) => findings.find((finding) => finding.name === name) as Finding;
}

/** A chip whose data lies where only an address says. */
function chipWithDataElsewhere(): Uint8Array {
  const chip = blankChip();
  const region = blankChip();
  const { ledger, ring } = openRegionOf(region, [{ pin: 1, intervalMs: 60000, decimals: 1 }]);
  ledger.boot(1, 1);
  ring.start(1);
  for (let i = 0; i < 100; i++) ring.append(1, 1000 + i * 60000, 200);
  chip.set(region.subarray(0x310000, 0x320000), ELSEWHERE.address);
  return chip;
}

const withRegion = (source: string) => source.replace('region: "flash"', `region: ${JSON.stringify(ELSEWHERE)}`);

describe("doctor", () => {
  it("takes the device file's server where the unit names none, and says whose word it is", async () => {
    const file = writeDeviceFile(deviceSource({ url: "https://fra1.blynk.cloud" }));
    expect((await run({}, "--device", file))("sends to").found).toBe(`https://fra1.blynk.cloud (says ${file})`);
    const provisioned = await run({ server: "https://lon1.blynk.cloud" }, "--device", file);
    expect(provisioned("sends to").found).toBe("https://lon1.blynk.cloud (says the unit's settings)");
    const running = tinyFirmware("0.1.0").replace("verdict:0,", 'verdict:0,server:"https://ny3.blynk.cloud",');
    const moved = await run({ server: "https://lon1.blynk.cloud", program: running }, "--device", file);
    expect(moved("sends to").found).toBe("https://ny3.blynk.cloud (says the unit)");
    const told = await run({}, "--device", file, "--server", "https://sgp1.blynk.cloud");
    expect(told("sends to").found).toBe("https://sgp1.blynk.cloud (says --server)");
  });

  it("warns of a plain http server that the device file does not allow", async () => {
    const of = await run({ server: "http://192.168.1.2:8080" }, "--device", writeDeviceFile());
    expect(of("sends to")).toMatchObject({ verdict: "warn", advice: expect.stringContaining("allowPlainHttp") });
  });

  it("finds the data in a region that only the device file names", async () => {
    const file = writeDeviceFile(withRegion(deviceSource()));
    const of = await run({ flash: chipWithDataElsewhere() }, "--device", file);
    expect(of("partition").found).toBe("0x200000, 64 kB at 0x200000");
    expect(of("ring").found).toContain("of 14 pages in use");
  });

  it("says where it looked, and that a unit with samples has them elsewhere", async () => {
    const of = await run({ flash: chipWithDataElsewhere() });
    expect(of("partition").found).toBe("no data of the firmware in flash, ota_0");
    expect(of("partition").advice).toContain("The unit has taken 10 samples, so its region is elsewhere");
  });

  it("says when the device file is not the one that runs", async () => {
    const of = await run({}, "--device", writeDeviceFile());
    expect(of("device file").found).toMatch(
      /v1 answer is not on the unit, the unit's v1 temperature is not in the file$/,
    );
    const same = writeDeviceFile(deviceSource().replace('"answer"', '"temperature"'));
    expect((await run({}, "--device", same))("device file").verdict).toBe("ok");
  });
});
