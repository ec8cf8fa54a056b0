/** The real interpreter with its telnet console, in a folder of its own. `ESPRUINO` names a build of Espruino for Linux. */
import { type ChildProcess, spawn } from "node:child_process";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ESPRUINO } from "../../../scripts/interpreter/interpreter.ts";

/** libs/network/telnet/jswrap_telnet.c: the Linux build has no other port, so only one interpreter can run at a time. */
const TELNET_PORT = 2323;
const START_TIMEOUT_MS = 15000;

export interface TelnetEspruino {
  /** For `--port`: a proxy in front of the telnet port, which can be cut. */
  port: string;
  output(): string;
  /** Waits for a match in its standard output, which does not go through telnet. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  /** After this many bytes from the host: SIGKILL, and the connection closes. */
  cutAfter(bytes: number): void;
  /** Bytes from the host since the last `cutAfter`. */
  received(): number;
  /** Resolves when the process is gone. */
  ended: Promise<void>;
  kill(): Promise<void>;
}

/** Boots from the flash file in `folder`, as at power-on. */
export async function startTelnetEspruino(folder: string): Promise<TelnetEspruino> {
  await waitForPort(false);
  // Standard input is a pipe that stays empty. A thread of the Linux build reads standard input and puts all it reads, also
  // an end of file, into the queue of telnet's characters, without a lock (targets/linux/jshardware.c).
  const child: ChildProcess = spawn(ESPRUINO, ["--telnet"], { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  child.stdout?.on("data", (bytes: Buffer) => (output += bytes.toString("latin1")));
  child.stderr?.on("data", (bytes: Buffer) => (output += bytes.toString("latin1")));
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  await waitForPort(true);
  let received = 0;
  let cutAt = Number.POSITIVE_INFINITY;
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (host) => {
    const device = connect({ port: TELNET_PORT, host: "127.0.0.1", noDelay: true });
    for (const socket of [host, device]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        host.destroy();
        device.destroy();
      });
    }
    device.on("data", (bytes: Buffer) => host.write(bytes));
    host.on("data", (bytes: Buffer) => {
      const room = cutAt - received;
      received += bytes.length;
      if (bytes.length <= room) {
        device.write(bytes);
        return;
      }
      device.write(bytes.subarray(0, Math.max(0, room)), () => {
        child.kill("SIGKILL");
        host.destroy();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async () => {
    child.kill("SIGKILL");
    for (const socket of sockets) socket.destroy();
    server.close();
    await ended;
  };
  return {
    port: `tcp://127.0.0.1:${(server.address() as { port: number }).port}`,
    output: () => output,
    said: async (pattern) => {
      const untilMs = Date.now() + START_TIMEOUT_MS;
      for (;;) {
        const match = pattern.exec(output);
        if (match !== null) return match;
        if (Date.now() > untilMs) throw new Error(`it did not say ${pattern}, but: ${output}`);
        await sleep(20);
      }
    },
    cutAfter: (bytes) => {
      received = 0;
      cutAt = bytes;
    },
    received: () => received,
    ended,
    kill: close,
  };
}

/** Waits until a program listens on the telnet port (`open`), or until none does. */
async function waitForPort(open: boolean): Promise<void> {
  const untilMs = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(TELNET_PORT, "127.0.0.1");
      socket.on("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
    if (isOpen === open) return;
    if (Date.now() > untilMs)
      throw new Error(`port ${TELNET_PORT} is ${isOpen ? "taken by another program" : "not opened"}`);
    await sleep(50);
  }
}
