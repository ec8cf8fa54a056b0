/** Ways to no server, or to none that speaks HTTP as it should. They need no daemon. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { expectNothingLost, live, NOWHERE, startBlynk } from "./life.ts";

describe("the day's allowance", () => {
  test("is not charged for refused connections", async () => {
    const server = await startBlynk();
    expectNothingLost(await live({ server, wrong: NOWHERE }));
  });
});

/** A TCP server on a free port, for this test. Returns its origin. */
async function listen(serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => serve(socket));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("an answer", () => {
  test("whose headers have no end does not stop the logger", async () => {
    let sentBytes = 0;
    const line = `X-Padding: ${"x".repeat(1000)}\r\n`;
    const wrong = await listen((socket) => {
      const pour = () => {
        while (!socket.destroyed && socket.write(line)) sentBytes += line.length;
      };
      socket.on("drain", pour);
      socket.write("HTTP/1.1 200 OK\r\n");
      pour();
    });
    const server = await startBlynk();
    expectNothingLost(await live({ server, wrong }));
    expect(sentBytes).toBeGreaterThan(0);
  });

  test("that is no HTTP takes no point", async () => {
    const server = await startBlynk();
    expectNothingLost(await live({ server, wrong: await listen((socket) => socket.end("SSH-2.0-OpenSSH_9.2p1\r\n")) }));
  });

  test("that breaks off takes no point", async () => {
    const server = await startBlynk();
    const wrong = await listen((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nOK"));
    expectNothingLost(await live({ server, wrong }));
  });
});
