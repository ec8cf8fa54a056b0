import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Here and not at the top, where only what a newcomer needs lies; the scripts in package.json name it. Run from the root. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "host",
          include: ["host-tests/**/*.test.ts"],
          exclude: ["host-tests/interpreter/**", "host-tests/field/interpreter.test.ts"],
          setupFiles: ["host-tests/support/seed.ts"],
          // By default Vitest keeps one for itself, which of two cores would be half.
          maxWorkers: availableParallelism(),
          testTimeout: 30_000,
        },
      },
      {
        // Against a real Espruino (ESPRUINO=/path/to/espruino); each test says so and skips without.
        test: {
          name: "interpreter",
          include: ["host-tests/interpreter/**/*.test.ts", "host-tests/field/interpreter.test.ts"],
          testTimeout: 120_000,
          // Timing matters there, and this machine has few cores.
          fileParallelism: false,
        },
      },
    ],
  },
});
