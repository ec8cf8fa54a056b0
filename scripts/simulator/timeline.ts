/** Puts a script's faults, clock settings and button presses into the world's queue. */

import { durationMs } from "./duration.ts";
import type { SimulatedFlash } from "./flash.ts";
import type { PowerFault, Script } from "./script.ts";
import type { Board } from "./simulated-board.ts";
import type { World } from "./world.ts";

const BUTTON_PIN = 0;

export interface Stage {
  world: World;
  board: Board;
  script: Script;
  flash: SimulatedFlash;
}

export function schedule(stage: Stage): void {
  const { world, board, script } = stage;
  for (const fault of script.wifi ?? []) {
    for (const time of [fault.from, fault.to]) {
      if (time !== undefined) world.at(durationMs(time), () => board.interpreter()?.wifi.surroundingsChanged());
    }
  }
  schedulePower(stage);
  for (const jump of script.setTime ?? []) {
    world.at(durationMs(jump.at), () => {
      if (!board.boot()) return;
      board.setSystemMs(jump.to ?? world.trueMs() + durationMs(jump.offset ?? 0));
      board.boot()?.wake();
    });
  }
  for (const press of script.press ?? []) {
    const atMs = durationMs(press.at);
    world.at(atMs, () => board.interpreter()?.pins.drive(BUTTON_PIN, 0));
    world.at(atMs + durationMs(press.hold ?? 200), () => board.interpreter()?.pins.drive(BUTTON_PIN, 1));
  }
}

function schedulePower({ world, board, script, flash }: Stage): void {
  let offMs = 5000;
  const backOn = () => world.at(world.nowMs() + offMs, () => board.powerOn());
  // Also after a cut inside a flash operation.
  board.onPowerLost = backOn;
  const strike = (fault: PowerFault) => {
    if (!board.powered()) return;
    offMs = durationMs(fault.off ?? 5000);
    if (fault.kind === "reset") board.restart("reset");
    else if (fault.flashBytes !== undefined) flash.cutAtByte(fault.flashBytes);
    else {
      board.powerOff();
      backOn();
    }
  };
  for (const fault of script.power ?? []) world.at(durationMs(fault.at), () => strike(fault));
}
