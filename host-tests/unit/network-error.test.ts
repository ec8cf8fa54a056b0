import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { sayNetworkError } from "../../scripts/build/network-error.ts";

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function errorOf(url: string, timeoutMs = 5000): Promise<string> {
  const error = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).then(
    () => undefined,
    (why) => why,
  );
  expect(error).toBeDefined();
  return sayNetworkError(error);
}

const answering = (answer: string) =>
  createServer((socket) => void socket.on("error", () => {}).once("data", () => socket.end(answer)));

test("a request that fails is told in words, as fetch of this Node.js fails", async () => {
  expect(await errorOf("http://127.0.0.1:1")).toMatch(/the connection was refused|bad port/);
  expect(await errorOf(`http://${await listen(answering(""))}`)).toBe(
    "the connection was closed before there was an answer",
  );
  expect(await errorOf(`http://${await listen(answering("hello"))}`)).toBe("what it answered is no HTTP");
  expect(await errorOf(`https://${await listen(createHttpServer())}`)).toBe("it does not speak TLS");
  expect(await errorOf(`http://${await listen(createServer(() => {}))}`, 50)).toBe("nothing answered in time");
});

test("an error that has no words of its own is told as it is", () => {
  expect(sayNetworkError(new Error("the moon is full"))).toBe("the moon is full");
  expect(sayNetworkError({ code: "EWHAT" })).toBe("EWHAT");
});
