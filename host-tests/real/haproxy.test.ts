/** HAProxy between the unit and Blynk. Run with Debian's 2.6.12. */
import { expect, test } from "vitest";
import type { StandInServer } from "../../scripts/blynk-stand-in/server.ts";
import { describeDaemons } from "./describe-daemons.ts";
import { startHaproxy } from "./haproxy.ts";
import { expectNothingLost, HOST, type Life, live, NOWHERE, startBlynk, use } from "./life.ts";

const pass = ({ port }: StandInServer) => `  server blynk 127.0.0.1:${port}`;

/** HAProxy answers by itself for three hours; then it is gone. */
async function liveBehind(section: string): Promise<Life> {
  const server = await startBlynk();
  const haproxy = await use(startHaproxy(section));
  return await live({ server, wrong: haproxy.url });
}

const whileWrong = ({ connections, wrongToMs }: Life) => connections.filter((one) => one.atMs < wrongToMs);

describeDaemons(["haproxy"], "behind HAProxy", () => {
  test("a backlog goes in a request a datastream and an hour", async () => {
    const server = await startBlynk();
    const haproxy = await use(startHaproxy(pass(server)));
    const life = await live({ server, wrong: haproxy.url, right: haproxy.url });
    expectNothingLost(life);
    expect(life.connections.length).toBeLessThanOrEqual(16);
  });

  test("its 503 without a server behind it is waited out", async () => {
    const life = await liveBehind(`  server blynk ${NOWHERE.slice("http://".length)}`);
    expectNothingLost(life);
    expect(whileWrong(life).length).toBeLessThan(40);
  });

  test("its 502 after the server took the points and hung up brings the same bytes again", async () => {
    const server = await startBlynk();
    const haproxy = await use(startHaproxy(pass(server)));
    const healedMs = Date.UTC(2026, 0, 1, 9);
    server.fault = ({ method }) => (method === "POST" && server.nowMs() < healedMs ? { kind: "hangUp" } : undefined);
    const life = await live({ server, wrong: haproxy.url, right: haproxy.url });
    expectNothingLost(life);
    expect(server.standIn.stats().duplicates).toBeGreaterThan(0);
  });

  test.each([400, 403, 404, 413, 422])("its own %i says nothing about the points", async (status) => {
    expectNothingLost(await liveBehind(`  http-request deny deny_status ${status}`));
  });

  test("no upload follows its 429 before Retry-After is over", async () => {
    const life = await liveBehind("  http-request return status 429 hdr Retry-After 7200");
    expectNothingLost(life, 4);
    // A read, which tells the server's date, comes before the first upload.
    const [, first, second] = life.connections;
    expect(second.atMs - first.atMs).toBeGreaterThan(7_200_000);
  });

  test("an empty 200 of its own takes no point, not even 300 ms late", async () => {
    const late = `
  tcp-request inspect-delay 300ms
  tcp-request content accept if WAIT_END
  http-request return status 200`;
    expectNothingLost(await liveBehind(late));
  });

  test("a portal's redirect is not followed", async () => {
    const life = await liveBehind("  http-request redirect location http://portal.example/login code 302");
    expectNothingLost(life);
    expect([...new Set(life.connections.map((one) => one.host))]).toEqual([HOST]);
  });

  test("a connection that it rejects costs nothing", async () => {
    expectNothingLost(await liveBehind("  tcp-request connection reject"));
  });
});
