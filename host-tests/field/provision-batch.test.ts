import { describe, expect, it } from "vitest";
import { provision } from "../../scripts/provision.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { type ConsoleRig, startRig, TOKEN, tinyFirmware, WIFI_PASSWORD } from "../support/console/console-rig.ts";
import { expectNoSecret, storedSettings, writeUnitsFile } from "../support/console/provision-rig.ts";

const common = { networks: [{ ssid: "Barn", password: WIFI_PASSWORD }] };
const tokenOf = (n: number) => TOKEN.slice(0, -1) + n;

function startUnit(serial?: string): Promise<ConsoleRig> {
  return startRig({ serial, prepare: (machine) => machine.storage.write(".bootcde", tinyFirmware("0.1.0")) });
}

function unitsFile(...ports: (string | undefined)[]): string {
  return writeUnitsFile({
    common,
    units: ports.map((port, i) => ({ unit: `barn ${i + 1}`, port, token: tokenOf(i + 1) })),
  });
}

describe("provision of several units", () => {
  it("touches none when two share a port and nobody is there to plug them in", async () => {
    const rig = await startUnit();
    const terminal = captureTerminal();
    expect(await provision(["--file", unitsFile(rig.port, rig.port)], terminal)).toBe(1);
    expect(terminal.text()).toContain(`barn 1 and barn 2 have the same port in the file, ${rig.port}`);
    expect(storedSettings(rig)).toBeNull();
  });

  it("asks for one after the other on one port, and takes no board twice", async () => {
    const rig = await startUnit("30aea4000001");
    const file = unitsFile(rig.port, rig.port);
    // The second time the board of barn 1 is still there; then the person gives up.
    const terminal = captureTerminal({ answers: [true, true, false] });
    expect(await provision(["--file", file], terminal)).toBe(1);
    expect(terminal.text()).toContain("This is the board of barn 1, which has its settings already");
    expect(storedSettings(rig).token).toBe(tokenOf(1));
    expect(terminal.out).toContain("1 of 2 units are done.");
    expect(terminal.out).toContain("  ✗ barn 2: not touched");
    expect(terminal.out.at(-1)).toBe(`To go on: npm run provision -- --file ${file} --unit "barn 2"`);
    expectNoSecret(terminal.text());
  });

  it("knows another unit's board by its token in a later run, and gives it away only when told to", async () => {
    const rig = await startUnit();
    const file = unitsFile(rig.port, rig.port);
    expect(await provision(["--file", file, "--unit", "barn 1"], captureTerminal())).toBe(0);
    const terminal = captureTerminal();
    expect(await provision(["--file", file, "--unit", "barn2", "--fresh"], terminal)).toBe(1);
    expect(terminal.text()).toContain("This board is barn 1");
    expect(storedSettings(rig).token).toBe(tokenOf(1));
    expect(await provision(["--file", file, "--unit", "barn2", "--reassign"], captureTerminal())).toBe(0);
    expect(storedSettings(rig).token).toBe(tokenOf(2));
  });

  it("goes on after a unit that fails, and ends with what is left and how to do it", async () => {
    const [first, third] = [await startUnit(), await startUnit()];
    const terminal = captureTerminal();
    const file = unitsFile(first.port, "tcp://127.0.0.1:1", third.port);
    expect(await provision(["--file", file], terminal)).toBe(1);
    expect(storedSettings(first).token).toBe(tokenOf(1));
    expect(storedSettings(third).token).toBe(tokenOf(3));
    expect(terminal.out).toContain("2 of 3 units are done.");
    expect(terminal.out.join("\n")).toMatch(/✗ barn 2: .*127\.0\.0\.1:1/);
    expect(terminal.out.at(-1)).toContain('--unit "barn 2"');
    expectNoSecret(terminal.text());
  });

  it("says when a token has not the length of Blynk's", async () => {
    const rig = await startUnit();
    const file = writeUnitsFile([{ unit: "barn 1", ...common, token: TOKEN.slice(1) }]);
    const terminal = captureTerminal();
    expect(await provision(["--file", file, "--port", rig.port], terminal)).toBe(0);
    expect(terminal.text()).toContain("The token of barn 1 has 31 characters; Blynk's have 32.");
  });
});
