/**
 * Runs `step` after `delayMs`, and hands what it returns to `done`. If it throws, `done` gets undefined and the reason in words:
 * an exception in a timer would otherwise leave a reading without an answer.
 */
export function after<T>(delayMs: number, step: () => T, done: (answer: T | undefined, why?: string) => void): void {
  setTimeout(() => {
    let answer: T | undefined;
    let why: string | undefined;
    try {
      answer = step();
    } catch (error) {
      why = `${error}`;
    }
    // Outside the `try`: what the logger throws while it stores the sample is no fault of the sensor.
    done(answer, why);
  }, delayMs);
}
