/** Puts a script's faults, clock settings and button presses into the world's queue. */

import { durationMs } from "./duration.ts";
import type { SimulatedFlash } from "./flash.ts";
import { PAGE_BYTES, type Region } from "./partitions.ts";
import type { PowerFault, Script } from "./script.ts";
import type { Board } from "./simulated-board.ts";
import type { World } from "./world.ts";

const BUTTON_PIN = 0;

export interface Stage {
  world: World;
  board: Board;
  script: Script;
  flash: SimulatedFlash;
  region: Region;
}

export function schedule(stage: Stage): void {
  const { world, board, script } = stage;
  for (const fault of script.wifi ?? []) {
    for (const time of [fault.from, fault.to]) {
      if (time !== undefined) world.at(durationMs(time), () => board.interpreter()?.wifi.surroundingsChanged());
    }
  }
  schedulePower(stage);
  scheduleClock(stage);
  scheduleHarm(stage);
  for (const press of script.press ?? []) {
    const atMs = durationMs(press.at);
    world.at(atMs, () => board.interpreter()?.pins.drive(BUTTON_PIN, 0));
    world.at(atMs + durationMs(press.hold ?? 200), () => board.interpreter()?.pins.drive(BUTTON_PIN, 1));
  }
}

function scheduleClock({ world, board, script }: Stage): void {
  for (const setting of script.setTime ?? []) {
    const targetMs = () => setting.to ?? world.trueMs() + durationMs(setting.offset ?? 0);
    world.at(durationMs(setting.at), () => {
      if (setting.kind !== "underneath") {
        board.call("setTime", () => [targetMs() / 1000]);
        return;
      }
      const movedMs = targetMs() - board.systemMs();
      board.setSystemMs(targetMs());
      board.boot()?.moveTimers(movedMs);
    });
  }
}

function scheduleHarm({ world, script, flash, region }: Stage): void {
  for (const harm of script.flash ?? []) {
    const pageAt = "page" in harm ? region.address + harm.page * PAGE_BYTES : 0;
    if ("page" in harm && (harm.page < 0 || pageAt >= region.address + region.bytes)) {
      throw new Error(`flash: page ${harm.page}: the region ${region.label} has ${region.bytes / PAGE_BYTES} pages`);
    }
    world.at(durationMs(harm.at), () => {
      if (harm.kind === "blank") flash.blank(pageAt);
      else if ("address" in harm) flash.flip(harm.address, harm.bit);
      else flash.flip(pageAt + Math.floor(harm.bit / 8), harm.bit % 8);
    });
  }
}

function schedulePower({ world, board, script, flash }: Stage): void {
  /** Of the cut that waits for a flash operation: others may come before it. */
  let waitingOffMs = 5000;
  const backOn = (offMs: number) => world.at(world.nowMs() + offMs, () => board.powerOn());
  board.onPowerLost = () => backOn(waitingOffMs);
  const strike = (fault: PowerFault) => {
    if (!board.powered()) return;
    const offMs = durationMs(fault.off ?? 5000);
    if (fault.kind === "reset") board.restart("reset");
    else if (fault.flashBytes !== undefined) {
      waitingOffMs = offMs;
      flash.cutAtByte(fault.flashBytes);
    } else {
      board.powerOff();
      backOn(offMs);
    }
  };
  for (const fault of script.power ?? []) world.at(durationMs(fault.at), () => strike(fault));
}
