/** What the firmware takes of the interpreter's memory, against the budget in package.json. */
import { readFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { describeEspruino, type Interpreter, startInterpreter } from "./espruino.ts";
import { provision } from "./flash-image.ts";
import { createLogger, type Logger, STATUS, type Status } from "./logger.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const idleJsVarsMax: number = manifest["espruino-backfill"].idleJsVarsMax;

let logger: Logger | undefined;
afterEach(async () => {
  await logger?.stop();
  logger = undefined;
});

/** JsVars in use after a garbage collection. */
async function usedJsVars(device: Interpreter): Promise<number> {
  return (await device.evaluate<{ usage: number }>("process.memory()")).usage;
}

describeEspruino("the memory", { timeout: 60_000 }, () => {
  it(`holds the idle firmware with two datastreams in ${idleJsVarsMax} JsVars`, async () => {
    logger = await createLogger({ intervalMs: 1000 });
    const folder = await provision({ ...logger.contents, program: 'console.log("nothing");' });
    const empty = startInterpreter(folder.path);
    await empty.line(/^nothing/);
    const before = await usedJsVars(empty);
    await empty.kill();
    folder.remove();

    const device = logger.boot();
    await device.line(/^backfill \S+ logging 2 datastreams/);
    // Until the first sync has found no Wi-Fi: all that is made once is made then.
    await device.until<Status>(STATUS, (status) => status.verdict === 1 && status.streams[0].sampled > 1);
    const used = (await usedJsVars(device)) - before;
    console.log(`idle: ${used} JsVars`);
    expect(used).toBeLessThanOrEqual(idleJsVarsMax);
  });
});
