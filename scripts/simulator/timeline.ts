/** Puts a script's faults, clock settings and button presses into the world's queue. */

import { durationMs } from "./duration.ts";
import type { SimulatedFlash } from "./flash.ts";
import { PAGE_BYTES, type Region } from "./partitions.ts";
import type { PowerFault, Script } from "./script.ts";
import type { Board } from "./simulated-board.ts";
import type { World, WorldEvent } from "./world.ts";

const BUTTON_PIN = 0;

export interface Stage {
  world: World;
  board: Board;
  script: Script;
  flash: SimulatedFlash;
  region: Region;
}

/** What a script still has in store. */
export interface Timeline {
  /**
   * The script has changed in what lies ahead of now. What follows comes about as if it had stood there from the beginning: of
   * events at the same moment, the script's come first, in their own order.
   */
  planAgain(): void;
}

/** Runs `action` at that moment, once. */
type Plan = (atMs: number, action: () => void) => void;

/** Between the orders of two planned events. A script has fewer entries than fit between two whole numbers. */
const ORDER_STEP = 1e-6;

/** Throws an Error if the script names a page that is not there. */
export function schedule(stage: Stage): Timeline {
  const { world, board, script } = stage;
  const planned: WorldEvent[] = [];
  // Everything else that is put into the queue comes after this one.
  const first = world.at(0, () => {});
  world.cancel(first);
  const strike = createStrike(stage);

  function planAll(plan: Plan): void {
    for (const fault of script.wifi ?? []) {
      for (const time of [fault.from, fault.to]) {
        if (time !== undefined) plan(durationMs(time), () => board.interpreter()?.wifi.surroundingsChanged());
      }
    }
    for (const fault of script.power ?? []) plan(durationMs(fault.at), () => strike(fault));
    planClock(stage, plan);
    planHarm(stage, plan);
    for (const press of script.press ?? []) {
      const atMs = durationMs(press.at);
      plan(atMs, () => board.interpreter()?.pins.drive(BUTTON_PIN, 0));
      plan(atMs + durationMs(press.hold ?? 200), () => board.interpreter()?.pins.drive(BUTTON_PIN, 1));
    }
  }

  planAll((atMs, action) => planned.push(world.at(atMs, action)));
  return {
    planAgain() {
      for (const event of planned.splice(0)) world.cancel(event);
      let { order } = first;
      planAll((atMs, action) => {
        order += ORDER_STEP;
        if (atMs > world.nowMs()) planned.push(world.at(atMs, action, order));
      });
    },
  };
}

function planClock({ world, board, script }: Stage, plan: Plan): void {
  for (const setting of script.setTime ?? []) {
    const targetMs = () => setting.to ?? world.trueMs() + durationMs(setting.offset ?? 0);
    plan(durationMs(setting.at), () => {
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

function planHarm({ script, flash, region }: Stage, plan: Plan): void {
  for (const harm of script.flash ?? []) {
    const pageAt = "page" in harm ? region.address + harm.page * PAGE_BYTES : 0;
    if ("page" in harm && (harm.page < 0 || pageAt >= region.address + region.bytes)) {
      throw new Error(`flash: page ${harm.page}: the region ${region.label} has ${region.bytes / PAGE_BYTES} pages`);
    }
    plan(durationMs(harm.at), () => {
      if (harm.kind === "blank") flash.blank(pageAt);
      else if ("address" in harm) flash.flip(harm.address, harm.bit);
      else flash.flip(pageAt + Math.floor(harm.bit / 8), harm.bit % 8);
    });
  }
}

/** What a fault of the power does when its time has come. */
function createStrike({ world, board, flash }: Stage): (fault: PowerFault) => void {
  /** Of the cut that waits for a flash operation: others may come before it. */
  let waitingOffMs = 5000;
  const backOn = (offMs: number) => world.at(world.nowMs() + offMs, () => board.powerOn());
  board.onPowerLost = () => backOn(waitingOffMs);
  return (fault) => {
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
}
