/** `npm run simulate -- --server URL` through each proxy, as a person runs it. */
import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import type { StandInServer } from "../../scripts/blynk-stand-in/server.ts";
import type { Report } from "../../scripts/simulator/simulate.ts";
import { startCaddy } from "./caddy.ts";
import type { Daemon } from "./daemon.ts";
import { describeDaemons } from "./describe-daemons.ts";
import { startHaproxy } from "./haproxy.ts";
import { startBlynk, TOKEN, use } from "./life.ts";
import { startNginx } from "./nginx.ts";

/** The command's exit status, and what it printed. */
function simulate(server: string, ...args: string[]): Promise<{ status: number | null; out: string; err: string }> {
  const command = ["--import", "tsx", "scripts/simulate.ts", "--server", server, "--token", TOKEN, ...args];
  return new Promise((done) => {
    const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (bytes: Buffer) => {
      out += bytes.toString();
    });
    child.stderr.on("data", (bytes: Buffer) => {
      err += bytes.toString();
    });
    child.on("exit", (status) => done({ status, out, err }));
  });
}

/** Samples of the last 25 s: virtual time catches up with real time without waiting. */
const RUN = ["--device", "firmware/device.ts", "--every", "1s", "--until", "25s", "--json"];

const proxies: [string, string, (server: StandInServer) => Promise<Daemon>][] = [
  ["nginx", "nginx", ({ url }) => startNginx(`location / { proxy_pass ${url}; }`)],
  ["haproxy", "HAProxy", ({ port }) => startHaproxy(`  server blynk 127.0.0.1:${port}`)],
  ["caddy", "Caddy", ({ port }) => startCaddy(`  reverse_proxy 127.0.0.1:${port}`)],
];

for (const [program, title, start] of proxies) {
  describeDaemons([program], `simulate --server through ${title}`, () => {
    test("delivers to the server behind it, and accounts for every sample", async () => {
      const server = await startBlynk();
      const proxy = await use(start(server));
      const { status, out, err } = await simulate(proxy.url, ...RUN);
      expect({ status, out: status === 0 ? "" : out + err }).toEqual({ status: 0, out: "" });
      const report = JSON.parse(out) as Report;
      expect(report.balanced).toBe(true);
      expect(report.server.points).toBeGreaterThan(0);
      expect(server.standIn.stats()).toMatchObject({ points: report.server.points, violations: [] });
    });
  });
}

describeDaemons(["caddy"], "simulate --server, Caddy where nothing is configured", () => {
  test("ends at once: an empty 200 is not Blynk's answer", async () => {
    const caddy = await use(startCaddy(""));
    const { status, out, err } = await simulate(caddy.url, ...RUN);
    expect(status).toBe(1);
    expect(Object.keys(JSON.parse(out))).toEqual(["error"]);
    expect(err).toContain("does not answer as Blynk's: it answered 200 with an empty body");
  });
});
