import { type ConsoleOptions, FakeConsole } from "./fake-console.ts";
import { FakeMachine, type MachineOptions } from "./fake-machine.ts";

/** A simulated device on a TCP console, as a test needs it. */
export interface ConsoleRig {
  machine: FakeMachine;
  console: FakeConsole;
  /** For `--port`. */
  port: string;
  close(): Promise<void>;
}

/** Powers a device on, after `prepare` put something on it. */
export async function startRig(
  options: MachineOptions & ConsoleOptions & { prepare?: (machine: FakeMachine) => void } = {},
): Promise<ConsoleRig> {
  const machine = new FakeMachine(options);
  options.prepare?.(machine);
  const console = new FakeConsole(machine, options);
  // Over the network a restart takes the connection with it.
  machine.onRestart = () => console.disconnect();
  machine.boot();
  const port = await console.listen();
  return { machine, console, port, close: () => console.close() };
}

/** A program that greets and answers as the firmware does. */
export function tinyFirmware(version: string): string {
  return `(function(){
var settings=require("Storage").readJSON("backfill.json",true);
print("backfill ${version} logging 1 datastream");
global.backfill={version:"${version}",sync:function(){print("[info] sync");},status:function(){return {
version:"${version}",session:1,rawMs:1000,time:null,
streams:[{pin:"v1",name:"temperature",sampled:10,delivered:4,pending:6,dropped:{},missed:1,failed:0}],
ring:{pages:13,usedPages:2},quota:{pointsLeft:9000,requestsLeft:290,pointsMax:10000},backlogClearsMs:0,
verdict:0,verdictText:"everything sent",wifi:!!settings,memory:{used:2000,total:5000},faults:[]}}};
})();${"// some length\n".repeat(400)}`;
}
