import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { startServer } from "../../../scripts/blynk-stand-in/server.ts";
import { BlynkStandIn } from "../../../scripts/blynk-stand-in/stand-in.ts";
import { simulate } from "../../../scripts/simulate.ts";
import { reachServer } from "../../../scripts/simulator/network/reach-server.ts";
import { room } from "../../../scripts/simulator/scenarios/scenario.ts";
import { runSimulation } from "../../../scripts/simulator/simulate.ts";
import { captureTerminal } from "../../support/console/captured-terminal.ts";

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

describe("a real server", () => {
  test("that refuses before it has read the body ends the run in seconds, with its answer", async () => {
    const simulation = await send(
      await listen((_request, response) => void response.writeHead(403).end("go away")),
      "60s",
    );
    expect(simulation.stalled).toMatch(/^the server took no point for 1 s; its last answer: 403 go away/);
  }, 60_000);

  test("that answers and closes before it has read the body is heard", async () => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (piece) => {
        const isRead = piece.toString("latin1").startsWith("GET");
        const answer = isRead ? "200 OK\r\nContent-Length: 5\r\n\r\nfalse" : "503 Busy\r\nContent-Length: 0\r\n\r\n";
        socket.end(`HTTP/1.1 ${answer}`);
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    closing.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const simulation = await send(`http://127.0.0.1:${port}`);
    expect(simulation.lines.map((line) => line.text).join("\n")).toMatch(/v1: the server answered 503/);
    expect(simulation.report).toMatchObject({ balanced: true, server: { points: 0 } });
  }, 60_000);

  test("that says 200 to everything has no point, whatever the firmware makes of it", async () => {
    const simulation = await send(await listen((_request, response) => response.end()));
    expect(simulation.report.server.points).toBe(0);
    expect(simulation.exchanges.filter((one) => one.stored)).toEqual([]);
  }, 60_000);

  test("that is gone refuses connections, which costs nothing", async () => {
    const simulation = await send("http://127.0.0.1:1");
    expect(simulation.exchanges).toEqual([]);
    const { quota } = simulation.status;
    expect(quota?.pointsLeft).toBe(quota?.pointsMax);
    expect(simulation.stalled).toBeUndefined();
  }, 60_000);

  test("stands for the address that the script routes to it", async () => {
    const url = await standIn([TOKEN]);
    const asked: string[] = [];
    const route = (host: string, port: number) => {
      asked.push(`${host}:${port}`);
      return url;
    };
    const simulation = await runSimulation(
      { ...room({ everyMs: 1000 }), plainHttp: true },
      { start: Date.now() - 25_000, until: "25s", server: { url: "http://blynk.cloud", token: TOKEN, route } },
    );
    expect(new Set(asked)).toEqual(new Set(["blynk.cloud:80"]));
    expect(simulation.report.server.points).toBeGreaterThan(0);
  }, 60_000);

  test("that is the stand-in of this process lives in the simulated time, for days", async () => {
    const server = await startServer(new BlynkStandIn({ tokens: [TOKEN] }));
    closing.push(server.close);
    const began = performance.now();
    const simulation = await runSimulation(
      { ...room(), plainHttp: true },
      { offline: "2d", server: { url: server.url, token: TOKEN, behind: server } },
    );
    expect(simulation).toMatchObject({ problems: [], drained: true, violations: [] });
    expect(simulation.points.length).toBe(server.standIn.stats().points);
    expect(simulation.points.length).toBeGreaterThan(3 * 2 * 1440 - 10);
    expect(performance.now() - began).toBeLessThan(60_000);
  }, 90_000);
});

describe("npm run simulate with a server of your own", () => {
  test.each([
    ["refuses the token", 400, '{"error":{"message":"Invalid token."}}', "it answered 400"],
    ["lets nobody in", 403, "go away", "it answered 403 go away"],
  ])("ends at once, with the answer, when it %s", async (_, status, body, message) => {
    const url = await listen((_request, response) => void response.writeHead(status).end(body));
    const terminal = captureTerminal();
    expect(await simulate(["--server", url, "--token", TOKEN], terminal)).toBe(1);
    expect(terminal.text()).toContain(message);
    expect(terminal.text()).not.toContain(TOKEN);
  });
});
