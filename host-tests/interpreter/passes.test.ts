/** What each pass of the build saves of the interpreter's memory, against the figure that stands beside the pass. */
import { expect, it } from "vitest";
import { bundleFirmware } from "../../scripts/build/bundle.ts";
import { PASSES, type Pass } from "../../scripts/build/pipeline.ts";
import { ESPRUINO, LINUX_FLASH, startInterpreter } from "../../scripts/interpreter/interpreter.ts";
import { readPool } from "../../scripts/interpreter/pool.ts";
import { provision } from "../../scripts/interpreter/provision-flash.ts";

/** As large as an ESP32's by default, and above Storage, which the unminified program would fill up to the usual region. */
const REGION = { address: LINUX_FLASH.address + 1024 * 1024, bytes: 64 * 1024 };

const deviceSource = `import type { Device } from "./device-types.ts";
import { custom } from "./sensors/custom.ts";
export const device: Device = {
  name: "passes",
  datastreams: [
    { pin: "v1", name: "one", intervalMs: 1000, decimals: 0, sensor: custom(() => 1) },
    { pin: "v2", name: "two", intervalMs: 1000, decimals: 1, sensor: custom(() => 2) },
  ],
  server: { url: "https://blynk.invalid", pointsPerDayMax: 1000000 },
  timeServers: ["time.test"],
  region: { address: ${REGION.address}, bytes: ${REGION.bytes} },
  button: { pin: "D0", activeLow: true },
  led: { pin: "D2", activeLow: false },
};`;

/** JsVars in use once the first sync has found no Wi-Fi: all that is made once is made then. */
async function idleJsVars(passes: Pass[]): Promise<number> {
  const { code } = await bundleFirmware({ deviceSource, passes });
  const settings = { token: "interpreter-test-token_0123456789", networks: [{ ssid: "air", password: "secret-word" }] };
  const folder = await provision({
    program: code,
    timePorts: { "time.test": 1 },
    files: { "backfill.json": settings },
    region: REGION,
  });
  const interpreter = startInterpreter(folder.path);
  try {
    await interpreter.line(/sync: no access point/, 20_000);
    await interpreter.until<number>("backfill.status().streams[1].sampled", (sampled) => sampled > 1);
    return (await interpreter.evaluate<{ usage: number }>("process.memory()")).usage;
  } finally {
    await interpreter.kill();
    folder.remove();
  }
}

const names = [...new Set(PASSES.map((pass) => pass.name))];
const unlike = ESPRUINO === "" ? "no interpreter" : (await readPool()).unlike;

it.skipIf(unlike !== "")(
  "every pass saves at least nine tenths of the JsVars that its figure tells",
  { timeout: 120_000 },
  async () => {
    const all = await idleJsVars(PASSES);
    const saved: [name: string, jsVars: number][] = [];
    for (const name of names) {
      const without = await idleJsVars(PASSES.filter((pass) => pass.name !== name));
      saved.push([name, without - all]);
    }
    console.log(`idle with all passes: ${all} JsVars; more without ${saved.map((one) => one.join(" ")).join(", ")}`);
    for (const [name, jsVars] of saved) {
      const told = PASSES.find((pass) => pass.name === name)?.saves ?? 0;
      expect(jsVars, name).toBeGreaterThanOrEqual(0.9 * told);
    }
  },
);
