/** Time servers behind a simulated network, for the SNTP client's tests. Written from RFC 5905 figure 8, not from the client. */
import type { Udp } from "../../firmware/platform/ports.ts";
import type { VirtualMachine } from "./virtual-timers.ts";

export interface TimeServer {
  /** One-way delays of the next packet, in ms; Infinity loses it. */
  thereMs(): number;
  backMs(): number;
  /** How wrong the server's own clock is. */
  offMs: number;
  /** How long it takes to answer. */
  serveMs?: number;
  /** How long the lookup of its name blocks. */
  lookupMs?(): number;
  /** Last word on the answer before it goes back. */
  forge?(answer: DataView): void;
}

export const T0_MS = Date.UTC(2026, 6, 1, 12);

export function writeTimestamp(view: DataView, at: number, unixMs: number): void {
  const ms = unixMs + 2208988800000;
  view.setUint32(at, Math.floor(ms / 1000) % 2 ** 32);
  view.setUint32(at + 4, Math.floor(((ms % 1000) / 1000) * 2 ** 32));
}

/** True time is `T0_MS` plus the machine's uptime. Counts what each server was asked. */
export function createNetwork(machine: VirtualMachine, servers: Record<string, TimeServer>) {
  const asked: Record<string, number> = {};
  let open = 0;
  const udp: Udp = {
    open(onMessage) {
      open++;
      let closed = false;
      return {
        send(bytes, host, port) {
          if (port !== 123 || bytes.length !== 48 || bytes[0] !== 0x23) throw new Error("no SNTP request");
          asked[host] = (asked[host] ?? 0) + 1;
          const server = servers[host];
          if (!server) throw new Error(`not found: ${host}`);
          const request = bytes.slice();
          machine.block(server.lookupMs?.() ?? 0);
          const thereMs = server.thereMs();
          const serveMs = server.serveMs ?? 0.1;
          const backMs = server.backMs();
          if (thereMs + backMs === Infinity) return;
          machine.timers.setTimeout(() => {
            const arrivedMs = T0_MS + machine.uptimeMs() + server.offMs;
            const answer = new DataView(new ArrayBuffer(48));
            answer.setUint8(0, 0x24);
            answer.setUint8(1, 2);
            // As a daemon at stratum 2 answers: it states its own error.
            answer.setInt8(3, -20);
            answer.setUint32(4, Math.round(0.01 * 65536));
            answer.setUint32(8, Math.round(0.005 * 65536));
            answer.setUint32(12, 0x7f000001);
            for (let i = 0; i < 8; i++) answer.setUint8(24 + i, request[40 + i]);
            writeTimestamp(answer, 32, arrivedMs);
            writeTimestamp(answer, 40, arrivedMs + serveMs);
            server.forge?.(answer);
            machine.timers.setTimeout(() => {
              if (!closed) onMessage(new Uint8Array(answer.buffer));
            }, serveMs + backMs);
          }, thereMs);
        },
        close() {
          closed = true;
          open--;
        },
      };
    },
  };
  return { udp, asked, openSockets: () => open };
}
