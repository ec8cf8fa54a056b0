import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import {
  type ServerOptions,
  type SocketFault,
  type StandInServer,
  startServer,
} from "../../../scripts/blynk-stand-in/server.ts";
import { answer, BlynkStandIn } from "../../../scripts/blynk-stand-in/stand-in.ts";

const NOW_MS = 1_760_000_000_000;
const PATH = "/external/api/batch/update?token=t&pin=v1";
const BODY = "[[1759999999000,21.5]]";

let server: StandInServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(fault?: SocketFault, options: ServerOptions = {}) {
  const standIn = new BlynkStandIn({ tokens: ["t"] });
  server = await startServer(standIn, { nowMs: () => NOW_MS, ...options });
  server.fault = () => fault;
  return { standIn, server };
}

/** Posts one batch and resolves with the answer or the error. */
function post(server: StandInServer, body = BODY): Promise<{ status?: number; body: string; error?: string }> {
  const request = server.url.startsWith("https") ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const sent = request(
      server.url + PATH,
      {
        method: "POST",
        headers: { "Content-Type": "application/json", "Content-Length": body.length },
        rejectUnauthorized: false,
        agent: false,
      },
      (response) => {
        let text = "";
        response.on("data", (piece) => {
          text += piece;
        });
        response.on("error", (error) => resolve({ status: response.statusCode, body: text, error: error.message }));
        response.on("end", () => resolve({ status: response.statusCode, body: text }));
      },
    );
    sent.on("error", (error) => resolve({ body: "", error: error.message }));
    sent.end(body);
  });
}

describe("the server", () => {
  it("gives requests to the stand-in and answers to the client", async () => {
    const { standIn, server } = await start();
    expect(await post(server)).toEqual({ status: 200, body: "OK" });
    expect(standIn.violations).toEqual([]);
    expect([...standIn.points()]).toEqual([{ pin: "v1", ts: 1759999999000, value: "21.5" }]);
  });

  it("speaks https as Espruino does: TLS 1.2 with RSA key exchange", async () => {
    const { standIn, server } = await start(undefined, { tls: true });
    expect(await post(server)).toEqual({ status: 200, body: "OK" });
    expect(standIn.stats().points).toBe(1);
    const cipher = await new Promise((resolve, reject) => {
      const socket = connectTls(
        { port: server.port, host: "127.0.0.1", rejectUnauthorized: false, ciphers: "AES256-GCM-SHA384" },
        () => {
          resolve([socket.getProtocol(), socket.getCipher().name]);
          socket.destroy();
        },
      );
      socket.on("error", reject);
    });
    expect(cipher).toEqual(["TLSv1.2", "AES256-GCM-SHA384"]);
  });

  it("refuses a client that offers only what Espruino lacks", async () => {
    const { server } = await start(undefined, { tls: true });
    const failed = await new Promise((resolve) => {
      const socket = connectTls({
        port: server.port,
        host: "127.0.0.1",
        ciphers: "ECDHE-RSA-AES128-GCM-SHA256",
        maxVersion: "TLSv1.2",
      });
      socket.on("secureConnect", () => resolve(false));
      socket.on("error", () => resolve(true));
    });
    expect(failed).toBe(true);
  });

  it("ignores a body that was cut off", async () => {
    const { standIn, server } = await start();
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, "127.0.0.1", () => {
        socket.end(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 22\r\n\r\n[[175`);
      });
      socket.on("data", () => {});
      socket.on("close", () => resolve());
    });
    expect(standIn.stats().requests).toBe(0);
  });
});

describe("a fault", () => {
  it("resets the connection in the middle of the body, before the stand-in sees it", async () => {
    const { standIn, server } = await start({ kind: "resetAfter", bodyBytes: 5 });
    expect(await post(server)).toMatchObject({ error: expect.stringMatching(/ECONNRESET|EPIPE|hang up/) });
    expect(standIn.stats().requests).toBe(0);
  });

  it("loses the answer of a batch that was stored", async () => {
    const { standIn, server } = await start({ kind: "hangUp" });
    expect((await post(server)).error).toBeDefined();
    expect(standIn.stats().points).toBe(1);
  });

  it.each([true, false])("never answers (stored: %s)", async (stored) => {
    const { standIn, server } = await start({ kind: "silent", stored });
    const pending = post(server);
    // The server has counted the request. A second one, without a fault, is judged after it.
    while (server.requests() === 0) await new Promise((resolve) => setImmediate(resolve));
    server.fault = undefined;
    await post(server, "[[1759999999500,1]]");
    expect(standIn.stats().points).toBe(stored ? 2 : 1);
    await server.close();
    expect((await pending).error).toBeDefined();
  });

  it("sends 100 Continue before the answer", async () => {
    const { server } = await start({ kind: "continueFirst" });
    expect(await post(server)).toEqual({ status: 200, body: "OK" });
  });

  it("cuts an answer short", async () => {
    const { server } = await start({ kind: "cutShort" });
    expect(await post(server)).toMatchObject({ status: 200, body: "OK\n", error: "aborted" });
  });

  it("sends garbage for a status line", async () => {
    const { standIn, server } = await start({ kind: "raw", bytes: "\r\nrubbish\r\n\r\n" });
    expect((await post(server)).error).toMatch(/Parse Error/);
    expect(standIn.stats().requests).toBe(0);
  });

  it("answers like a captive portal", async () => {
    const portal = answer(200, "<html>Log in</html>", NOW_MS, "text/html");
    const { standIn, server } = await start({ kind: "answer", answer: portal });
    expect(await post(server)).toEqual({ status: 200, body: "<html>Log in</html>" });
    expect(standIn.stats().requests).toBe(0);
  });

  it("comes back on the port where it was", async () => {
    const { server: first } = await start();
    await first.close();
    const { server: second } = await start(undefined, { port: first.port });
    expect(second.url).toBe(first.url);
    expect(await post(second)).toMatchObject({ status: 200 });
  });
});
