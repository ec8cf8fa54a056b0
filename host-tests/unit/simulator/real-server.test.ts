import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { startServer } from "../../../scripts/blynk-stand-in/server.ts";
import { BlynkStandIn } from "../../../scripts/blynk-stand-in/stand-in.ts";
import { simulate } from "../../../scripts/simulate.ts";
import { reachServer } from "../../../scripts/simulator/network/reach-server.ts";
import { createRealServer } from "../../../scripts/simulator/network/real-server.ts";
import { room } from "../../../scripts/simulator/scenarios/scenario.ts";
import { type Report, runSimulation } from "../../../scripts/simulator/simulate.ts";
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

/** A server in front of a stand-in that knows the device. `spoil` may answer in its place, or never: then it returns true. */
async function spoiled(spoil: (response: ServerResponse, request: { isPost: boolean; posts: number }) => boolean) {
  const url = await standIn([TOKEN]);
  let posts = 0;
  return listen((request, response) => {
    const isPost = request.method === "POST";
    if (isPost) posts++;
    const number = posts;
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", async () => {
      const body = isPost ? Buffer.concat(pieces) : undefined;
      const contentType = request.headers["content-type"] ?? "text/plain";
      const answer = await fetch(url + request.url, {
        method: request.method,
        headers: { "content-type": contentType },
        body,
      });
      if (spoil(response, { isPost, posts: number })) return;
      response.writeHead(answer.status).end(await answer.text());
    });
  });
}

/** Six hours offline, a week ago: virtual time has days to catch up. */
const sendLater = (url: string) => {
  const start = Date.now() - 7 * 86_400_000;
  return runSimulation(
    { ...room(), plainHttp: true },
    { start, offline: "6h", until: "7d", server: { url, token: TOKEN } },
  );
};

describe.concurrent("a server that fails in the middle of a run", () => {
  test("with one lost answer costs seconds of real time, and no sample", async () => {
    const began = performance.now();
    const simulation = await sendLater(await spoiled((_, { isPost, posts }) => isPost && posts === 2));
    expect(simulation).toMatchObject({ drained: true, problems: [], stalled: undefined, unsent: undefined });
    expect(simulation.report.server.points).toBeGreaterThan(3 * 360 - 10);
    expect(performance.now() - began).toBeLessThan(20_000);
  }, 60_000);

  test("with silence from then on ends the run in seconds, and says so", async () => {
    const began = performance.now();
    const simulation = await sendLater(await spoiled((_, { isPost, posts }) => isPost && posts > 1));
    expect(simulation.stalled).toBe("the server took no point for 10 s; its last answer: none in 5 s");
    expect(performance.now() - began).toBeLessThan(30_000);
  }, 60_000);

  test("with a login page from the beginning, to which the device sends no point, ends the run, with what it says", async () => {
    const simulation = await sendLater(await listen((_request, response) => void response.end("<html>log in</html>")));
    expect(simulation.stalled).toMatch(/^the server took no point for 6 h of .*: 200 <html>log in<\/html>$/);
    expect(simulation.report.simulatedMs).toBeLessThan(14 * 3_600_000);
  }, 60_000);

  test("with a login page from then on ends the run, with what it says", async () => {
    const login = (response: ServerResponse) => response.end("<html>log in</html>") !== undefined;
    const simulation = await sendLater(await spoiled((response, { posts }) => posts > 1 && login(response)));
    expect(simulation.stalled).toBe(
      "the server took no point for 6 h of simulated time; its last answer: 200 <html>log in</html>",
    );
    expect(simulation.report.simulatedMs).toBeLessThan(14 * 3_600_000);
  }, 60_000);
});

describe("the answer to a read", () => {
  test.each([
    ["true", Number.POSITIVE_INFINITY],
    ["false\n", Number.POSITIVE_INFINITY],
    ["<html>log in</html>", 7000],
    ["", 7000],
  ])("%j is no failure only if it is Blynk's", async (body, failsSinceMs) => {
    const { hostname: host, port } = new URL(await listen((_request, response) => void response.end(body)));
    const real = createRealServer({ nowTrueMs: () => 7000 });
    const connection = real.open({ host, port: Number(port), secure: false }, 0);
    if (typeof connection === "string") throw new Error(connection);
    connection.write("GET /external/api/isHardwareConnected?token=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    connection.whole({ method: "GET", path: "/", headers: {}, body: "", arrivedMs: 7000 }, () => {});
    await real.settled();
    expect(real.failsSinceMs()).toBe(failsSinceMs);
  });
});

describe("npm run simulate with a server of your own", () => {
  test.each([
    ["refuses the token", 400, '{"error":{"message":"Invalid token."}}', "it answered 400"],
    ["lets nobody in", 403, "go away", "it answered 403 go away"],
    [
      "answers with a web page",
      200,
      "<html>Welcome</html>",
      "does not answer as Blynk's: it answered 200 <html>Welcome",
    ],
    ["says 200 and nothing else", 200, "", "it answered 200 with an empty body"],
    ["is broken", 503, "Busy", "it answered 503 Busy"],
  ])("ends at once, with the answer, when it %s", async (_, status, body, message) => {
    const url = await listen((_request, response) => void response.writeHead(status).end(body));
    const terminal = captureTerminal();
    expect(await simulate(["--server", url, "--token", TOKEN], terminal)).toBe(1);
    expect(terminal.text()).toContain(message);
    expect(terminal.text()).not.toContain(TOKEN);
  });

  test.each([
    ["speaks no HTTP", "hello\r\n\r\n", "what it answered is no HTTP"],
    ["closes without a word", "", "the connection was closed before there was an answer"],
  ])("ends at once, in words, when it %s", async (_, answer, message) => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(answer));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    closing.push(() => server.close());
    const terminal = captureTerminal();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await simulate(["--server", url, "--token", TOKEN], terminal)).toBe(1);
    expect(terminal.text()).toContain(message);
  });

  test("ends in seconds when it is silent", async () => {
    const terminal = captureTerminal();
    expect(await simulate(["--server", await listen(() => {}), "--token", TOKEN], terminal)).toBe(1);
    expect(terminal.text()).toContain("it gave no answer in 5 s");
  }, 20_000);

  test("has lasted long enough now for a backlog of a week, and does not wait for time to pass", async () => {
    const began = performance.now();
    const terminal = captureTerminal();
    const args = ["--offline", "7d", "--every", "10m", "--json"];
    expect(await simulate([...args, "--server", await standIn([TOKEN]), "--token", TOKEN], terminal)).toBe(0);
    const { streams } = JSON.parse(terminal.out[0]) as Report;
    expect(streams.map((one) => one.pending)).toEqual([0, 0, 0]);
    expect(terminal.err.join()).not.toContain("waits in real time");
    expect(performance.now() - began).toBeLessThan(60_000);
  }, 90_000);
});
