/** A unit that restarts in the middle of its requests: the answer may take more memory than there is. */
import { describe, expect, it } from "vitest";
import { VERDICT } from "../../../firmware/verdict.ts";
import { OK } from "../../support/fake-server.ts";
import { createUploadRig, MINUTE_MS, type UploadRig } from "../../support/upload-rig.ts";

/** A request is under way, and the watchdog restarts the unit. */
function die(rig: UploadRig): void {
  rig.server.behave = () => ({ fail: "silence" });
  rig.unit.forgive();
  rig.unit.drain.run(() => {});
  rig.timers.advance(5000);
  expect(rig.unit.ledger.charges().some((charge) => charge.open)).toBe(true);
  rig.reboot(MINUTE_MS);
}

describe("a unit that restarted in the middle of a request", () => {
  it("sends at once after the first time: that may be a power cut", () => {
    const rig = createUploadRig();
    rig.fill(1, 100);
    die(rig);
    rig.server.behave = () => OK;
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
  });

  it("waits longer each time after the second, says so, and sends then", () => {
    const rig = createUploadRig();
    rig.fill(1, 100);
    die(rig);
    for (const minutes of [10, 20, 40, 80, 160, 320, 360, 360]) {
      die(rig);
      const requests = rig.server.requests.length;
      const { verdict, nextTryMs } = rig.drain();
      expect([verdict, nextTryMs]).toEqual([VERDICT.serverNotReached, minutes * MINUTE_MS]);
      expect(rig.server.requests).toHaveLength(requests);
      expect(rig.unit.fault()).toMatch(/restarted in each of the last \d requests: .* in \d+ min, or at a press/);
    }
    expect(rig.lines.join("\n")).toMatch(/restarted in each of the last 2 requests/);
    rig.timers.advance(360 * MINUTE_MS);
    rig.server.behave = () => OK;
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
    expect(rig.unit.fault()).toBe("");
    // An outcome shows that requests don't end the unit.
    rig.fill(2, 100);
    die(rig);
    rig.server.behave = () => OK;
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
  });

  it("sends at once when the button is pressed", () => {
    const rig = createUploadRig();
    rig.fill(1, 100);
    die(rig);
    die(rig);
    rig.server.behave = () => OK;
    rig.unit.forgive();
    expect(rig.drain().verdict).toBe(VERDICT.allSent);
  });

  it("does not count restarts between requests, nor jumps of the clock", () => {
    const rig = createUploadRig();
    rig.fill(1, 100);
    die(rig);
    for (let i = 0; i < 5; i++) rig.reboot(MINUTE_MS);
    rig.server.behave = () => ({ fail: "silence" });
    rig.unit.drain.run(() => {});
    rig.timers.advance(5000);
    const { ledger } = rig.unit;
    expect(ledger.boot(ledger.session() + 1, rig.timers.nowMs())).toBe(1);
  });
});
