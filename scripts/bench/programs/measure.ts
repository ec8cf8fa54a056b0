/** What the bench's programs share. They run on the interpreter, so they keep to the firmware's dialect. */

interface BenchProcess {
  memory(collect: boolean): { usage: number; free: number; total: number };
}

/** JsVars in use. It collects no garbage, which would change what is measured. */
export function jsVars(): number {
  return (process as unknown as BenchProcess).memory(false).usage;
}

export function freeJsVars(): number {
  return (process as unknown as BenchProcess).memory(false).free;
}

/** JsVars after a garbage collection. */
export function idleJsVars(): number {
  return (process as unknown as BenchProcess).memory(true).usage;
}

/** Prints a figure for scripts/bench/run-program.ts. */
export function report(name: string, value: number): void {
  console.log(`BENCH ${name} ${value}`);
}

/** Time of one repetition in µs. */
export function timeUs(repetitions: number, run: () => void): number {
  const fromS = getTime();
  run();
  return ((getTime() - fromS) * 1000000) / repetitions;
}

/** A room's temperature in tenths of a degree: steady, with a step at times. Deterministic. */
export function reading(index: number): number {
  return 215 + ((index * 7) % 5 === 0 ? 1 : 0) + Math.round(6 * Math.sin(index / 300));
}

/** Lateness of a sample in ms, within ±5. */
export function jitter(index: number): number {
  return ((index * 37) % 11) - 5;
}
