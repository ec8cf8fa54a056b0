import { createSocket } from "node:dgram";
import { type Daemon, startDaemon } from "./daemon.ts";

/** chronyd as a time server that leaves the machine's clock alone. `lines` are more lines of its configuration. */
export function startChrony(lines: string): Promise<Daemon> {
  return startDaemon({
    program: "chronyd",
    configName: "chrony.conf",
    // -x: no control of the clock; -U: no root; -d: stay here, log to stderr.
    args: (file) => ["-x", "-U", "-d", "-f", file],
    isReady: answersTime,
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

const ANSWER_MS_MAX = 200;

/** Asks it the time; any answer will do. */
function answersTime(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createSocket("udp4");
    const finish = (answered: boolean) => {
      clearTimeout(late);
      socket.close();
      done(answered);
    };
    const late = setTimeout(() => finish(false), ANSWER_MS_MAX);
    socket.once("message", () => finish(true));
    socket.once("error", () => finish(false));
    const packet = Buffer.alloc(48);
    packet[0] = 0x23;
    socket.send(packet, port, "127.0.0.1");
  });
}
