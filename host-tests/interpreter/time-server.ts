/** An SNTP server (RFC 4330) on 127.0.0.1. A test decides how wrong it is. */
import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";

export interface TimeServer {
  port: number;
  /** Added to the machine's clock in every answer. */
  offsetMs: number;
  /** Takes requests and never answers them. */
  silent: boolean;
  /** 0 is a kiss-of-death. */
  stratum: number;
  /** Requests that arrived. */
  requests(): number;
  close(): Promise<void>;
}

const NTP_EPOCH_S = 2_208_988_800;

/** Listens on a free port. */
export async function startTimeServer(): Promise<TimeServer> {
  const socket = createSocket("udp4");
  let requests = 0;
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const self: TimeServer = {
    port: (socket.address() as AddressInfo).port,
    offsetMs: 0,
    silent: false,
    stratum: 2,
    requests: () => requests,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on("message", (question, from) => {
    requests++;
    if (self.silent || question.length < 48) return;
    const answer = Buffer.alloc(48);
    const receivedMs = Date.now() + self.offsetMs;
    answer[0] = 0x24; // no leap warning, version 4, server
    answer[1] = self.stratum;
    answer[2] = question[2];
    answer[3] = 0xec; // precision 2^-20 s
    answer.write(self.stratum === 0 ? "RATE" : "LOCL", 12, "latin1");
    writeTimestamp(answer, 16, receivedMs - 1000);
    question.copy(answer, 24, 40, 48); // the client's transmit time comes back as origin
    writeTimestamp(answer, 32, receivedMs);
    writeTimestamp(answer, 40, Date.now() + self.offsetMs);
    socket.send(answer, from.port, from.address);
  });
  return self;
}

function writeTimestamp(bytes: Buffer, at: number, unixMs: number): void {
  const seconds = Math.floor(unixMs / 1000);
  bytes.writeUInt32BE((seconds + NTP_EPOCH_S) % 2 ** 32, at);
  bytes.writeUInt32BE(Math.floor(((unixMs - seconds * 1000) / 1000) * 2 ** 32), at + 4);
}
