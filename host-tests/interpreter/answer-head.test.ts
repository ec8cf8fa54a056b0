/** The firmware and answers whose head is longer than an ESP32's memory. */
import { afterEach, describe, expect, it } from "vitest";
import type { SocketFault } from "../../scripts/blynk-stand-in/server.ts";
import { POOL_PROFILES } from "../../scripts/interpreter/esp32.ts";
import { ESPRUINO } from "../../scripts/interpreter/interpreter.ts";
import { ballast, readPool } from "../../scripts/interpreter/pool.ts";
import { bootAndSync, createLogger, imbalance, type Logger, STATUS, type Status } from "./logger.ts";

const pool = ESPRUINO === "" ? undefined : await readPool();

/** The pool of an ESP32 whole: in the smaller one of other tests (5,600) a sync may be refused for want of memory today. */
const BALLAST = ballast(POOL_PROFILES[0].jsVars);

let logger: Logger | undefined;
afterEach(async () => {
  await logger?.stop();
  logger = undefined;
});

/** A whole answer of OK, with this many bytes of headers of 60 bytes each. */
function answerWith(headBytes: number): string {
  let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
  for (let i = 0; head.length < headBytes; i++)
    head += `X-Padding-${String(i).padStart(5, "0")}: ${"x".repeat(41)}\r\n`;
  return `${head}\r\nOK`;
}

describe.skipIf(!pool || pool.grows)("an answer's head", { timeout: 90_000 }, () => {
  it.each([
    ["of 8 kB", 8000],
    ["of 16 kB", 16_000],
    ["that hardly ends", 5_000_000],
  ])("%s is given up in time: the unit logs on, and delivers when the server is itself again", async (_what, bytes) => {
    logger = await createLogger({ intervalMs: 500, afterPrelude: BALLAST });
    const device = await bootAndSync(logger);
    const long = answerWith(bytes);
    const empty = { status: 200, headers: { "Content-Length": "0" }, body: "" };
    const faults: [(method: string) => SocketFault, RegExp][] = [
      [() => ({ kind: "raw", bytes: long }), /v\d: the answer is too long for the memory/],
      // An empty answer makes it ask whether the server is Blynk's.
      [
        (method) => (method === "POST" ? { kind: "answer", answer: empty } : { kind: "raw", bytes: long }),
        /v\d: the empty answer is not Blynk's/,
      ],
    ];
    for (const [fault, said] of faults) {
      logger.server.fault = ({ method }) => fault(method);
      const from = device.lines().length;
      await device.evaluate("setTimeout(backfill.sync,2500)");
      await expect
        .poll(
          () =>
            device
              .lines()
              .slice(from)
              .filter((line) => /\] sync: /.test(line)),
          { timeout: 30_000 },
        )
        .toHaveLength(1);
      expect(device.lines().slice(from).join("\n")).toMatch(said);
    }
    expect(device.output()).not.toMatch(/OUT OF MEMORY|Interrupted|removing it/);
    logger.server.fault = undefined;
    await device.evaluate("setTimeout(backfill.sync,50)");
    await device.line(/sync: everything sent/, 30_000);
    const after = await device.evaluate<Status>(STATUS);
    expect(imbalance(after)).toBe("");
    expect(after.streams[0].delivered).toBeGreaterThan(6);
    expect(logger.standIn.violations).toEqual([]);
  });

  it("of 2 kB is read as ever", async () => {
    logger = await createLogger({ intervalMs: 500, afterPrelude: BALLAST });
    const device = await bootAndSync(logger);
    logger.server.fault = (request) =>
      request.method === "POST" ? { kind: "raw", bytes: answerWith(2000) } : undefined;
    const from = device.lines().length;
    await device.evaluate("setTimeout(backfill.sync,2000)");
    await expect
      .poll(
        () =>
          device
            .lines()
            .slice(from)
            .filter((line) => /sync: everything sent/.test(line)),
        { timeout: 30_000 },
      )
      .toHaveLength(1);
  });
});
