import { describe, expect, it } from "vitest";
import { doctor } from "../../scripts/doctor.ts";
import { monitor } from "../../scripts/monitor.ts";
import { provision } from "../../scripts/provision.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { startRig, TOKEN, tinyFirmware } from "../support/console/console-rig.ts";

const PASSWORD = "open 5esame";
const ENV = { BACKFILL_CONSOLE_PASSWORD: PASSWORD };

function startLocked() {
  return startRig({
    password: PASSWORD,
    prepare: (machine) => machine.storage.write(".bootcde", tinyFirmware("0.1.0")),
  });
}

describe("a console with a password", () => {
  it("is locked again when a command leaves, whatever the command and however it ends", async () => {
    const rig = await startLocked();
    const commands = [
      () => monitor(["--port", rig.port, "--once"], captureTerminal({ env: ENV })),
      () => doctor(["--port", rig.port, "--no-server"], captureTerminal({ env: ENV })),
      // Ends with an error: the Wi-Fi network is missing.
      () => provision(["--port", rig.port, "--token", TOKEN], captureTerminal({ env: ENV })),
    ];
    for (const command of commands) {
      await command();
      const stranger = captureTerminal();
      expect(await monitor(["--port", rig.port, "--once"], stranger)).toBe(1);
      expect(stranger.text()).toContain("asks for a password");
    }
  });

  it("is locked when somebody ends a live monitor", async () => {
    const rig = await startLocked();
    const stop = new AbortController();
    const terminal = captureTerminal({ env: ENV, stop: stop.signal });
    const watching = monitor(["--port", rig.port, "--every", "0.05"], terminal);
    await expect.poll(() => terminal.text()).toContain("backfill 0.1.0");
    stop.abort();
    expect(await watching).toBe(0);
    const stranger = captureTerminal();
    expect(await monitor(["--port", rig.port, "--once"], stranger)).toBe(1);
  });
});
