/** `--json`: one object on standard output, whatever happens. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { backfill } from "../../scripts/backfill.ts";
import { measure } from "../../scripts/bench.ts";
import { build } from "../../scripts/build.ts";
import { check } from "../../scripts/check.ts";
import type { CommandFunction } from "../../scripts/console/terminal/command.ts";
import { withJson } from "../../scripts/console/terminal/json-output.ts";
import { doctor } from "../../scripts/doctor.ts";
import { erase } from "../../scripts/erase.ts";
import { exportSamples } from "../../scripts/export.ts";
import { flash } from "../../scripts/flash.ts";
import { monitor } from "../../scripts/monitor.ts";
import { onLinux } from "../../scripts/on-linux.ts";
import { provision } from "../../scripts/provision.ts";
import { simulate } from "../../scripts/simulate.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { chipWithSamples } from "../support/console/chip-with-samples.ts";
import { startRigWithFirmware, TOKEN, WIFI_PASSWORD } from "../support/console/console-rig.ts";
import { runFlash, startFlashRig, writeDeviceFile } from "../support/console/flash-rig.ts";
import { writeUnitsFile } from "../support/console/provision-rig.ts";
import { makeTempFolder } from "../support/console/temp-folder.ts";

const COMMANDS = {
  ...{ backfill, build, check, doctor, erase, export: exportSamples },
  ...{ flash, monitor, "on-linux": onLinux, provision, simulate, measure },
};

/** What a command needs before its options. */
const PART: { [name: string]: string[] } = { measure: ["storage"] };

/** The one object on standard output. Nothing else may be there. */
async function object(command: CommandFunction, args: string[]) {
  const terminal = captureTerminal();
  const status = await command([...args, "--json"], terminal);
  expect(terminal.out).toHaveLength(1);
  expect(terminal.out[0]).not.toContain(TOKEN);
  return { status, said: JSON.parse(terminal.out[0]), err: terminal.err.join("\n") };
}

describe.each(Object.entries(COMMANDS))("%s --json", (name, command) => {
  it("is in the help, which stays a text", async () => {
    const terminal = captureTerminal();
    expect(await command([...(PART[name] ?? []), "--help", "--json"], terminal)).toBe(0);
    expect(terminal.out.join("\n")).toMatch(/--json\s+print/);
  });

  it("gives wrong usage as an error, with an exit status that is not 0", async () => {
    const { status, said, err } = await object(command, [...(PART[name] ?? []), "--nonsense"]);
    expect(status).toBe(name === "simulate" ? 1 : 2);
    expect(said).toEqual({ error: { message: expect.stringMatching(/--nonsense|--dump/) } });
    expect(err).not.toBe("");
  });
});

describe("a command with --json", () => {
  it("gives an error with its advice, and tells a person too", async () => {
    const { status, said, err } = await object(exportSamples, ["--dump", "no-such.bin"]);
    expect(status).toBe(1);
    expect(said.error).toEqual({ message: expect.stringContaining("no-such.bin"), advice: "Check the path." });
    expect(err).toContain("no-such.bin can't be read");
  });

  it("gives an object also where a command forgets to", async () => {
    const silent = withJson(async (_args: string[], terminal: ReturnType<typeof captureTerminal>) => {
      terminal.print("for a person");
      return 1;
    });
    const terminal = captureTerminal();
    expect(await silent(["--json"], terminal)).toBe(1);
    expect(terminal.err).toEqual(["for a person"]);
    expect(Object.keys(JSON.parse(terminal.out.join()))).toEqual(["error"]);
  });

  it("builds, and says what is wrong with a device file", async () => {
    const out = join(makeTempFolder(), "firmware.js");
    const { status, said } = await object(build, ["--out", out]);
    expect(status).toBe(0);
    expect(said).toMatchObject({ out, bytes: expect.any(Number), plan: { warnings: expect.any(Array) } });
    const wrong = await object(build, ["--device", writeDeviceFile("export const device = { name: 1 };")]);
    expect(wrong.status).toBe(1);
    expect(wrong.said.error.message).toMatch(/device\.ts:\n.*name/);
  });

  it("flashes, checks alone, and refuses", async () => {
    const rig = await startFlashRig();
    const file = writeDeviceFile();
    const dry = await runFlash(rig, file, "--json", "--dry-run");
    expect(JSON.parse(dry.out.join())).toMatchObject({ isDryRun: true, version: null, region: { bytes: 65536 } });
    const done = await runFlash(rig, file, "--json");
    expect(JSON.parse(done.out.join())).toMatchObject({
      ...{ isDryRun: false, version: "0.1.0", faults: [] },
      datastreams: [{ pin: "v1", name: "answer", intervalMs: 60000 }],
    });
    const refused = await runFlash(rig, file, "--json", "--provision", "no-such.json#barn");
    expect(Object.keys(JSON.parse(refused.out.join()))).toEqual(["error"]);
  });

  it("provisions one unit, and several of which one fails", async () => {
    const rig = await startRigWithFirmware();
    const networks = [{ ssid: "Barn", password: WIFI_PASSWORD }];
    const one = { unit: "barn 1", port: rig.port, token: TOKEN, networks };
    const done = [{ unit: "barn 1", chip: expect.any(String), version: "0.1.0" }];
    const alone = await object(provision, ["--file", writeUnitsFile({ units: [one] })]);
    expect(alone).toMatchObject({ status: 0, said: { done, failed: [] } });
    const other = { unit: "barn 2", port: "tcp://127.0.0.1:1", token: `${TOKEN.slice(0, -1)}9`, networks };
    const both = await object(provision, ["--file", writeUnitsFile({ units: [one, other] })]);
    const failed = [{ unit: "barn 2", reason: expect.stringContaining("Nothing answers") }];
    expect(both).toMatchObject({ status: 1, said: { done, failed } });
  });

  it("erases, exports, looks, and sends", async () => {
    const chip = chipWithSamples(30, 20);
    const rig = await startRigWithFirmware({ flash: chip });
    const exported = await object(exportSamples, ["--port", rig.port]);
    expect(exported.said).toMatchObject({ counts: { pending: 40, delivered: 20 }, marked: 0, out: null });
    expect(exported.said.samples).toHaveLength(60);
    const out = join(makeTempFolder(), "samples.csv");
    const written = await object(exportSamples, ["--port", rig.port, "--out", out]);
    expect(written.said).toMatchObject({ out, counts: { pending: 40 } });
    expect(written.said.samples).toBeUndefined();
    const looked = await object(doctor, ["--port", rig.port, "--no-server"]);
    expect(looked.said).toMatchObject({ isWell: looked.status === 0, findings: expect.any(Array) });
    const erased = await object(erase, ["--port", rig.port, "--yes"]);
    expect(erased.said).toMatchObject({ isSearched: true, secrets: 0, pending: 6, version: null });
    const dump = join(makeTempFolder(), "flash.bin");
    writeFileSync(dump, chip);
    const sent = await object(backfill, ["--dump", dump, "--token", TOKEN, "--server", "http://127.0.0.1:1"]);
    expect(sent).toMatchObject({ status: 1, said: { error: { message: expect.stringContaining("was not reached") } } });
  });
});
