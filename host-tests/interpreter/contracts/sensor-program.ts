/** The program that runs the sensors' contract on the interpreter: prints one line for each promise, then "sensors done". */
import { createLab } from "./lab.ts";
import { SENSOR_FAMILIES } from "./sensors.ts";

const contract = SENSOR_FAMILIES[(globalThis as unknown as { FAMILY: number }).FAMILY];
/** Five readings of a SCD4x, of up to 8 s each. */
const ANSWER_MS = 40000;

function run(index: number): void {
  if (index === contract.length) {
    console.log("sensors done");
    return;
  }
  let answered = false;
  const answer = (problem: string) => {
    if (answered) return;
    answered = true;
    console.log(`sensor ${index} ${problem === "" ? "kept" : problem}`);
    setTimeout(() => run(index + 1), 1);
  };
  setTimeout(() => answer("no answer"), ANSWER_MS);
  try {
    const lab = createLab(() => getTime() * 1000);
    // A busy computer is no fault of the driver.
    lab.dht22.lowMsMax = 1000;
    contract[index].run(lab, answer);
  } catch (error) {
    answer(`it threw ${error}`);
  }
}

run(0);
