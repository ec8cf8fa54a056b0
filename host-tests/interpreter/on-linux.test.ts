import { expect, it } from "vitest";
import { onLinux } from "../../scripts/on-linux.ts";
import { captureTerminal } from "../support/console/captured-terminal.ts";
import { describeEspruino } from "./describe-espruino.ts";

describeEspruino("npm run on-linux", () => {
  it("runs the firmware, sends, and accounts for every sample", async () => {
    const terminal = captureTerminal();
    const status = await onLinux(["--seconds", "8", "--offline", "1"], terminal);
    expect({ status, text: status === 0 ? "" : terminal.text() }).toEqual({ status: 0, text: "" });
    expect(terminal.text()).toContain("sync: everything sent");
    expect(terminal.text()).toContain("every sample is accounted for: yes");
  }, 60_000);
});
