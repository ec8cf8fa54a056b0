/** What Espruino's TLS does, against servers of Node's. HARDWARE.md names these tests. */
import { type AddressInfo, createServer as createPlainServer } from "node:net";
import { createServer, type TlsOptions } from "node:tls";
import { afterEach, expect, it } from "vitest";
import { certificate } from "../../scripts/blynk-stand-in/certificate.ts";
import { type Interpreter, startInterpreter } from "../../scripts/interpreter/interpreter.ts";
import { provision } from "../../scripts/interpreter/provision-flash.ts";
import { describeEspruino } from "./describe-espruino.ts";

let cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  cleanUp = [];
});

/** A TLS server that answers every request with 200 OK; its port. */
async function startTlsServer(options: TlsOptions): Promise<number> {
  const server = createServer({ ...(await certificate()), maxVersion: "TLSv1.2", ...options }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Posts as `how` says, in Espruino's words, and prints what comes of it. `ticks` counts the calls of a timer. */
async function post(port: number, how: string): Promise<Interpreter> {
  const program = `
var ticks = 0, tick = setInterval(function () { ticks++; }, 1);
var options = { protocol: "https:", host: "127.0.0.1", port: ${port}, path: "/", method: "POST", headers: { "Content-Length": 4 } };
try {
  var req = require("http").request(options, function (res) {
    print("status", res.statusCode);
    res.on("close", function () { print("closed"); });
  });
  req.on("error", function (e) { print("error", e.code, e.message); });
  ${how}
  print("returned");
} catch (e) { print("thrown", e.message); }`;
  const folder = await provision({ program });
  cleanUp.push(() => folder.remove());
  const interpreter = startInterpreter(folder.path);
  cleanUp.push(() => interpreter.kill());
  return interpreter;
}

const ECDHE_ONLY = { ciphers: "ECDHE-RSA-AES128-GCM-SHA256" };

describeEspruino("TLS", { timeout: 30_000 }, () => {
  it.each([
    ["one write and an end", 'req.write("[1,2"); req.end();'],
    ["an end with the body", 'req.end("[1,2");'],
    ["a write that is not the last", 'req.write("[");'],
  ])("tells a refused handshake by an error event and an uncaught error, after %s returned", async (_title, how) => {
    const interpreter = await post(await startTlsServer(ECDHE_ONLY), how);
    await interpreter.line(/^Uncaught InternalError: mbedtls_ssl_handshake returned -0x7780/, 20_000);
    const told = interpreter.lines().filter((line) => /^(thrown|returned|error|Uncaught)/.test(line));
    expect(told).toEqual([
      "returned",
      "error -15 no response",
      "Uncaught InternalError: mbedtls_ssl_handshake returned -0x7780",
    ]);
  });

  it("lets timers run while a server keeps it waiting in the middle of the handshake", async () => {
    const mute = createPlainServer((socket) => void socket.on("error", () => {}));
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    cleanUp.push(() => mute.close());
    const interpreter = await post((mute.address() as AddressInfo).port, 'req.end("[1,2");');
    await interpreter.line(/^returned/, 20_000);
    const before = await interpreter.evaluate<number>("ticks");
    await interpreter.until<number>("ticks", (ticks) => ticks > before + 50);
    expect(interpreter.output()).not.toMatch(/error|Uncaught/);
  });

  it("takes an answer by RSA key exchange", async () => {
    const interpreter = await post(await startTlsServer({ ciphers: "kRSA+AES:@SECLEVEL=0" }), 'req.end("[1,2");');
    expect(await interpreter.line(/^status/, 20_000)).toBe("status 200");
    await interpreter.line(/^closed/);
    expect(interpreter.output()).not.toContain("Uncaught");
  });
});
