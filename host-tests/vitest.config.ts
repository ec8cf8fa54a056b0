import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const DEEP = "host-tests/**/*.deep.test.ts";
/** Against proxies and daemons of the system. */
const REAL = "host-tests/real/**/*.test.ts";
const ON_INTERPRETER = ["host-tests/interpreter/**/*.test.ts", "host-tests/field/interpreter.test.ts"];

/** In a Chromium of the system. */
const BROWSER = "host-tests/browser/**/*.test.ts";

/** By default Vitest keeps one worker back, which is half of two cores. */
const maxWorkers = availableParallelism();
const setupFiles = ["host-tests/support/seed.ts"];

/**
 * This file lies here so that the root holds only what a newcomer needs. The scripts in package.json name it. Run from
 * the root.
 */
export default defineConfig({
  test: {
    projects: [
      {
        // `npm test`: everything that is quick.
        test: {
          name: "host",
          include: ["host-tests/**/*.test.ts"],
          exclude: [...ON_INTERPRETER, DEEP, REAL, BROWSER],
          setupFiles,
          maxWorkers,
          // A busy machine may take ten times as long.
          testTimeout: 120_000,
        },
      },
      {
        // `npm run test:deep`: more seeds, more power cuts, every bit flipped.
        test: {
          name: "deep",
          include: [DEEP],
          setupFiles,
          maxWorkers,
          testTimeout: 600_000,
        },
      },
      {
        // `npm run test:real`: through nginx, HAProxy, Caddy and chrony. Without one its tests skip and say so.
        test: {
          name: "real",
          include: [REAL],
          setupFiles,
          maxWorkers,
          testTimeout: 120_000,
        },
      },
      {
        // `npm run test:browser`: the lab's page. Without a Chromium its tests skip and say so.
        test: {
          name: "browser",
          include: [BROWSER],
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // A browser takes a core, and its worker another.
          fileParallelism: false,
        },
      },
      {
        // Against a real Espruino (ESPRUINO=/path/to/espruino). Without one each test skips and says so.
        test: {
          name: "interpreter",
          include: ON_INTERPRETER,
          testTimeout: 120_000,
          // These tests measure time, and a machine may have few cores.
          fileParallelism: false,
        },
      },
    ],
  },
});
