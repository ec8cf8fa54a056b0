/** The program that runs the contracts on the interpreter: a line a promise, then "contracts done". */
import { createMachine } from "../../../firmware/platform/machine.ts";
import type { FlashRegion } from "../../../firmware/platform/ports.ts";
import type { Promised } from "./contract.ts";
import { FLASH_CONTRACT } from "./flash.ts";
import { MACHINE_CONTRACT, type World } from "./machine.ts";

function runAll<Subject>(name: string, contract: Promised<Subject>[], subject: Subject, done: () => void): void {
  const next = (index: number): void => {
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
  };
  next(0);
}

const machine = createMachine();
const settings = machine.store.readJson("world.json") as World & { region: { address: number; bytes: number } };
const world: World = {
  machine: machine,
  httpPort: settings.httpPort,
  closedPort: settings.closedPort,
  echoPort: settings.echoPort,
};
runAll("flash", FLASH_CONTRACT, machine.region(settings.region) as FlashRegion, () => {
  runAll("machine", MACHINE_CONTRACT, world, () => console.log("contracts done"));
});
