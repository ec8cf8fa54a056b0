/** Ctrl-C on the commands, as processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { describe, expect, it, onTestFinished } from "vitest";
import { ROOT } from "../../scripts/build/bundle.ts";
import { monitor } from "../../scripts/monitor.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { startRig, TOKEN, tinyFirmware, WIFI_PASSWORD } from "../support/console/console-rig.ts";
import { startFlashRig, writeDeviceFile } from "../support/console/flash-rig.ts";
import { storedSettings } from "../support/console/provision-rig.ts";

const PASSWORD = "open 5esame";

interface Running {
  child: ChildProcess;
  /** Resolves once the output has it. */
  said(pattern: RegExp): Promise<void>;
  ended: Promise<{ status: number | null; out: string; err: string }>;
}

function start(verb: string, args: string[], env: Record<string, string> = {}): Running {
  const command = ["--import", "tsx", `scripts/${verb}.ts`, ...args];
  const child = spawn(process.execPath, command, { cwd: ROOT, env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  let err = "";
  const watchers = new Set<() => void>();
  const look = () => {
    for (const watch of watchers) watch();
  };
  child.stdout.on("data", (bytes: Buffer) => {
    out += bytes.toString();
    look();
  });
  child.stderr.on("data", (bytes: Buffer) => {
    err += bytes.toString();
    look();
  });
  const ended = new Promise<{ status: number | null; out: string; err: string }>((done) =>
    child.on("close", (status) => done({ status, out, err })),
  );
  const said = (pattern: RegExp) =>
    new Promise<void>((done, fail) => {
      watchers.add(() => pattern.test(out + err) && done());
      look();
      void ended.then(() => fail(new Error(`it ended without ${pattern}: ${out}${err}`)));
    });
  return { child, said, ended };
}

/** A board whose console takes connections and never answers. */
const startMute = () => startRig({ mute: true });

describe("Ctrl-C", () => {
  it("ends a monitor, and locks the console before", async () => {
    const rig = await startRig({
      password: PASSWORD,
      prepare: (machine) => machine.storage.write(".bootcde", tinyFirmware("0.1.0")),
    });
    const watching = start("monitor", ["--port", rig.port], { BACKFILL_CONSOLE_PASSWORD: PASSWORD });
    await watching.said(/backfill 0\.1\.0/);
    watching.child.kill("SIGINT");
    const { status, err } = await watching.ended;
    expect(err).toContain("\nStopped. The device keeps running.\n");
    expect(status).toBe(130);
    const stranger = captureTerminal();
    expect(await monitor(["--port", rig.port, "--once"], stranger)).toBe(1);
    expect(stranger.text()).toContain("asks for a password");
  });

  it.each([
    ["export", [], "Stopped. Nothing was changed on the device."],
    ["erase", ["--yes"], "Stopped. Nothing was erased."],
    ["doctor", ["--no-server"], "Stopped. Nothing was changed on the device."],
    [
      "provision",
      ["--token", TOKEN, "--ssid", "Barn", "--wifi-password", WIFI_PASSWORD],
      "Stopped. Nothing was written to the unit.",
    ],
  ])("on %s while it waits for the device says that nothing was changed", async (verb, args, words) => {
    const rig = await startMute();
    const running = start(verb, ["--port", rig.port, "--wait", "60", "--json", ...args]);
    await running.said(/Waiting for the device/);
    running.child.kill("SIGINT");
    const { status, out, err } = await running.ended;
    expect(status).toBe(130);
    expect(err).toContain(words);
    expect(JSON.parse(out)).toEqual({ error: { message: words } });
    expect(storedSettings(rig)).toBeNull();
  });

  it("in the middle of an upload says that the old program is the one that starts", async () => {
    const rig = await startFlashRig();
    const flashing = start("flash", ["--port", rig.port, "--device", writeDeviceFile()]);
    const write = rig.machine.writeStorage.bind(rig.machine);
    rig.machine.writeStorage = (name, data, offset, size) => {
      if (offset > 4096) flashing.child.kill("SIGINT");
      write(name, data, offset, size);
    };
    const { status, err } = await flashing.ended;
    expect(err).toContain("Stopped. The new program is not stored whole: the old one is still the one that starts");
    expect(status).toBe(130);
    expect(rig.machine.storage.list()).not.toContain("backfill.0.ok");
  });
});
