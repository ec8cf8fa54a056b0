import { createSocket } from "node:dgram";
import { type Daemon, startDaemon } from "./daemon.ts";

/**
 * chronyd as a time server that leaves the machine's clock alone. `lines` are more lines of its configuration. It is ready
 * once it answers, with `stratum` if that is given.
 */
export function startChrony(lines: string, stratum?: number): Promise<Daemon> {
  return startDaemon({
    program: "chronyd",
    configName: "chrony.conf",
    // -x: no control of the clock; -U: no root; -d: stay here, log to stderr.
    args: (file) => ["-x", "-U", "-d", "-f", file],
    async isReady(port) {
      const request = Buffer.alloc(48);
      request[0] = 0x23;
      const answer = await ask(port, request);
      return answer !== undefined && (stratum === undefined || answer[1] === stratum);
    },
    config: (port, folder) => `
      bindaddress 127.0.0.1
      port ${port}
      allow 127.0.0.1
      cmdport 0
      bindcmdaddress /
      pidfile ${folder}/chronyd.pid
      driftfile ${folder}/drift
      ${lines}`,
  });
}

const ANSWER_MS_MAX = 500;

/** One packet and its answer; undefined if none comes. */
export function ask(port: number, request: Buffer): Promise<Buffer | undefined> {
  return new Promise((done) => {
    const socket = createSocket("udp4");
    const finish = (answer?: Buffer) => {
      clearTimeout(late);
      socket.close();
      done(answer);
    };
    const late = setTimeout(finish, ANSWER_MS_MAX);
    socket.once("message", (answer) => finish(answer));
    socket.once("error", () => finish());
    socket.send(request, port, "127.0.0.1");
  });
}
