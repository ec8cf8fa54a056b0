import { onTestFinished } from "vitest";
import type { DeviceConsole } from "../../../scripts/console/transport/device-console.ts";
import { openConsole } from "../../../scripts/console/transport/open-console.ts";
import { SHORT_WAITS } from "./captured-terminal.ts";
import { type ConsoleOptions, FakeConsole } from "./fake-console.ts";
import { FakeMachine, type MachineOptions } from "./fake-machine.ts";

/** A unit's token and Wi-Fi password, for tests that look for secrets in the output. */
export const TOKEN = "tok_5ecretTOKEN_5ecretTOKEN_0001";
export const WIFI_PASSWORD = "Pa55word of the barn";

/** A fake machine with a console on a TCP port. */
export interface ConsoleRig {
  machine: FakeMachine;
  console: FakeConsole;
  /** For `--port`. */
  port: string;
  /** The console as the commands open it. */
  open(): Promise<DeviceConsole>;
  close(): Promise<void>;
}

export interface RigOptions extends MachineOptions, ConsoleOptions {
  /** Called before the machine is powered on. */
  prepare?: (machine: FakeMachine) => void;
}

/** Powers a machine on. It is closed at the end of the running test. */
export async function startRig(options: RigOptions = {}): Promise<ConsoleRig> {
  const machine = new FakeMachine(options);
  options.prepare?.(machine);
  const console = new FakeConsole(machine, options);
  // A restart closes a connection over the network.
  machine.onRestart = () => console.disconnect();
  machine.boot();
  const port = await console.listen();
  const close = () => console.close();
  onTestFinished(close);
  return { machine, console, port, open: () => openConsole(port, SHORT_WAITS), close };
}

/** A rig whose program is a tiny firmware. */
export function startRigWithFirmware(options: MachineOptions = {}): Promise<ConsoleRig> {
  return startRig({ ...options, prepare: (machine) => machine.storage.write(".bootcde", tinyFirmware("0.1.0")) });
}

/** A program that greets and reports its status as the firmware does. */
export function tinyFirmware(version: string): string {
  return `(function(){
var settings=require("Storage").readJSON("backfill.json",true);
print("backfill ${version} logging 1 datastream");
global.backfill={version:"${version}",sync:function(){print("[info] sync");},status:function(){return {
version:"${version}",session:1,rawMs:1000,time:null,
streams:[{pin:"v1",name:"temperature",sampled:10,delivered:4,pending:6,dropped:{},missed:1,failed:0}],
ring:{pages:13,usedPages:2,keptPages:0,badPages:0},quota:{pointsLeft:9000,requestsLeft:290,pointsMax:10000},backlogClearsMs:0,
verdict:0,verdictText:"everything sent",wifi:!!settings,memory:{used:2000,total:5000},faults:[]}}};
})();${"// some length\n".repeat(400)}`;
}
