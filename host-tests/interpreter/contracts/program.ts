/** The program that runs the contracts on the interpreter: prints one line for each promise, then "contracts done". */
import { createMachine, openRegion } from "../../../firmware/platform/machine.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import type { Promised } from "./contract.ts";
import { FLASH_CONTRACT } from "./flash.ts";
import { MACHINE_CONTRACT, type MachineSetup } from "./machine.ts";

function runAll<Subject>(name: string, contract: Promised<Subject>[], subject: Subject, done: () => void): void {
  function next(index: number): void {
    if (index === contract.length) {
      done();
      return;
    }
    let answered = false;
    const answer = (problem: string) => {
      if (answered) return;
      answered = true;
      console.log(`${name} ${index} ${problem === "" ? "kept" : problem}`);
      setTimeout(() => next(index + 1), 1);
    };
    setTimeout(() => answer("no answer within 3 s"), 3000);
    try {
      contract[index].run(subject, answer);
    } catch (error) {
      answer(`it threw ${error}`);
    }
  }
  next(0);
}

const machine = createMachine();
const settings = machine.store.readJson("setup.json") as MachineSetup & { region: { address: number; bytes: number } };
const setup: MachineSetup = {
  machine: machine,
  httpPort: settings.httpPort,
  closedPort: settings.closedPort,
  echoPort: settings.echoPort,
};
runAll("flash", FLASH_CONTRACT, openRegion(settings.region) as FlashRegion, () => {
  runAll("machine", MACHINE_CONTRACT, setup, () => console.log("contracts done"));
});
