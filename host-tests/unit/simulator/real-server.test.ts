import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { reachServer } from "../../../scripts/simulator/network/reach-server.ts";
import { room } from "../../../scripts/simulator/scenarios/scenario.ts";
import { runSimulation } from "../../../scripts/simulator/simulate.ts";

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An hour of samples that ends now, sent to a real server. */
const send = (url: string) =>
  runSimulation(
    { ...room(), plainHttp: true },
    { start: Date.now() - 3_600_000, until: "2h", server: { url, token: "real-token", stallMs: 2000 } },
  );

describe("a server of your own", () => {
  test("is reached, or named with the reason", async () => {
    await reachServer(await listen(() => {}));
    await expect(reachServer("http://127.0.0.1:1")).rejects.toThrow(
      "the server at 127.0.0.1:1 can't be reached: the connection was refused",
    );
  });

  test("that refuses the token ends the run in seconds, with its answer", async () => {
    const began = performance.now();
    const url = await listen((_, response) => response.writeHead(400).end("Invalid token."));
    const simulation = await send(url);
    expect(simulation.stalled).toBe("the server took no point for 2 s; its last answer: 400 Invalid token.");
    expect(simulation.report.verdicts.join()).toMatch(/token/);
    expect(performance.now() - began).toBeLessThan(20_000);
  }, 30_000);

  test("that loses its answers ends the run in seconds", async () => {
    const simulation = await send(await listen((request) => request.socket.destroy()));
    expect(simulation.stalled).toMatch(/^the server took no point for 2 s; its last answer: /);
  }, 30_000);

  test("that takes the points is waited for, until all are delivered", async () => {
    const simulation = await send(
      await listen((request, response) => {
        request.resume();
        request.on("end", () => response.writeHead(200).end());
      }),
    );
    expect(simulation.stalled).toBeUndefined();
    expect(simulation.drained).toBe(true);
  }, 30_000);
});
