/**
 * An SNTP server (RFC 4330) on 127.0.0.1, as honest about itself as a daemon at stratum 2 (chrony 4): it states how far it
 * may be off its own source. Its owner decides how wrong it is.
 */
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

/** log2 of s: a daemon measures how finely it reads its clock. */
const PRECISION = -24;
/** Round trip to the primary source, and the error that adds up to it: of the order that public servers answer with. */
const ROOT_DELAY_S = 0.012;
const ROOT_DISPERSION_S = 0.004;
/** Reference ID from stratum 2 on: the address of its own source, 192.0.2.1. */
const UPSTREAM = 0xc0000201;
/** Time since it last heard from there. */
const POLLED_MS = 400_000;

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
    answer.writeInt8(PRECISION, 3);
    answer.writeUInt32BE(Math.round(ROOT_DELAY_S * 65536), 4);
    answer.writeUInt32BE(Math.round(ROOT_DISPERSION_S * 65536), 8);
    if (self.stratum === 0) answer.write("RATE", 12, "latin1");
    else answer.writeUInt32BE(UPSTREAM, 12);
    writeTimestamp(answer, 16, receivedMs - POLLED_MS);
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
