/** The contracts of the ports: the flash's always runs on the simulator, all of them run on the interpreter if there is one. */
import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FlashRegion } from "../../firmware/platform/ports.ts";
import { bundleFirmware } from "../../scripts/build/bundle.ts";
import { type Interpreter, startInterpreter } from "../../scripts/interpreter/interpreter.ts";
import { provision, REGION } from "../../scripts/interpreter/provision-flash.ts";
import { SimulatedFlash } from "../../scripts/simulator/flash.ts";
import { FLASH_CONTRACT } from "./contracts/flash.ts";
import { MACHINE_CONTRACT } from "./contracts/machine.ts";
import { describeEspruino } from "./describe-espruino.ts";

describe("flash on the simulator", () => {
  const flash = new SimulatedFlash({ address: 0x310000, pageBytes: 256, pages: 3 });
  const region: FlashRegion = { flash, crc32: (bytes) => crc32(bytes), address: 0x310000, pageBytes: 256, pages: 3 };
  it.each(FLASH_CONTRACT)("$title", ({ run }) => {
    let problem = "no answer";
    run(region, (answer) => {
      problem = answer;
    });
    expect(problem).toBe("");
  });
});

const cleanUp: (() => unknown)[] = [];
let interpreter: Interpreter;

/** The server that contracts/machine.ts asks. */
async function startTestServer(): Promise<number> {
  let stuck = 0;
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on("data", (piece) => {
      bytes += piece.length;
    });
    if (request.url === "/stuck") {
      stuck++;
      request.socket.on("close", () => stuck--);
      return;
    }
    request.on("end", () => {
      if (request.url === "/garbage") request.socket.end("rubbish\r\n\r\n");
      else if (request.url === "/hangup") request.socket.end();
      else if (request.url === "/teapot") response.writeHead(418).end();
      else if (request.url === "/count") response.end(String(bytes));
      else if (request.url === "/stuck-count") response.end(String(stuck));
      else response.writeHead(200, { "X-Test": "yes" }).end("hello");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function startEcho(): Promise<number> {
  const socket = createSocket("udp4");
  socket.on("message", (data, from) => socket.send(data, from.port, from.address));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  cleanUp.push(() => socket.close());
  return socket.address().port;
}

/** A port on which nothing listens any more. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describeEspruino("on the interpreter", () => {
  beforeAll(async () => {
    const entry = new URL("./contracts/program.ts", import.meta.url).pathname;
    const { code } = await bundleFirmware({ entry });
    const setup = {
      httpPort: await startTestServer(),
      echoPort: await startEcho(),
      closedPort: await closedPort(),
      region: { address: REGION.address, bytes: REGION.bytes },
    };
    const folder = await provision({
      program: code,
      files: { "setup.json": setup, "good.json": { a: [1, "x", null] }, "bad.json": "{a:" },
    });
    cleanUp.push(() => folder.remove());
    interpreter = startInterpreter(folder.path);
    cleanUp.push(() => interpreter.kill());
  });

  afterAll(async () => {
    for (const step of cleanUp.reverse()) await step();
  });

  const all = [
    ...FLASH_CONTRACT.map(({ title }, index) => ({ name: "flash", title, index })),
    ...MACHINE_CONTRACT.map(({ title }, index) => ({ name: "machine", title, index })),
  ];
  it.each(all)("$name: $title", async ({ name, index }) => {
    const line = await interpreter.line(new RegExp(`^${name} ${index} `), 20_000);
    expect(line).toBe(`${name} ${index} kept`);
  });

  it("leaves no error on the console", async () => {
    await interpreter.line(/^contracts done/, 20_000);
    expect(interpreter.output()).not.toMatch(/Uncaught|removing it/);
  });
});
