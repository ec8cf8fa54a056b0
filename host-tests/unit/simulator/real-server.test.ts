import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { startServer } from "../../../scripts/blynk-stand-in/server.ts";
import { BlynkStandIn } from "../../../scripts/blynk-stand-in/stand-in.ts";
import { reachServer } from "../../../scripts/simulator/network/reach-server.ts";
import { room } from "../../../scripts/simulator/scenarios/scenario.ts";
import { runSimulation } from "../../../scripts/simulator/simulate.ts";

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
});

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const TOKEN = "real-token-0123456789abcdefghij";

/** A few samples of the last 25 s, sent to a real server: virtual time catches up with real time without waiting. */
const send = (url: string, until = "25s", stallMs = 1000) =>
  runSimulation(
    { ...room({ everyMs: 1000 }), plainHttp: true },
    { start: Date.now() - 25_000, until, server: { url, token: TOKEN, stallMs } },
  );

async function standIn(tokens: string[]): Promise<string> {
  const server = await startServer(new BlynkStandIn({ tokens }));
  closing.push(server.close);
  return server.url;
}

// Their time goes by waiting, so they wait together.
describe.concurrent("a server of your own", () => {
  test("is reached, or named with the reason", async () => {
    await reachServer(await standIn([]));
    await expect(reachServer("http://127.0.0.1:1")).rejects.toThrow(
      "the server at 127.0.0.1:1 can't be reached: the connection was refused",
    );
  });

  test("that refuses the token ends the run in seconds, with its answer", async () => {
    const began = performance.now();
    const simulation = await send(await standIn([]), "60s", 1500);
    expect(simulation.stalled).toMatch(/^the server took no point for 1\.5 s; its last answer: 400 .*Invalid token/);
    expect(simulation.report.verdicts.join()).toMatch(/token/);
    expect(performance.now() - began).toBeLessThan(30_000);
  }, 60_000);

  test("that loses its answers ends the run in seconds", async () => {
    const simulation = await send(await listen((request) => request.socket.destroy()), "60s");
    expect(simulation.stalled).toMatch(/^the server took no point for 1 s; its last answer: /);
  }, 60_000);

  test("that takes the points does not end the run", async () => {
    const simulation = await send(await standIn([TOKEN]));
    expect(simulation.stalled).toBeUndefined();
    expect(simulation.report.server.points).toBeGreaterThan(0);
  }, 90_000);
});
