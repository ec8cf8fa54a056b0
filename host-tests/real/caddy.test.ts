/** Caddy between the unit and Blynk. Run with Debian's 2.6.2. */
import { expect, test } from "vitest";
import type { StandInServer } from "../../scripts/blynk-stand-in/server.ts";
import { startCaddy } from "./caddy.ts";
import { describeDaemons } from "./describe-daemons.ts";
import { startHaproxy } from "./haproxy.ts";
import { expectNothingLost, HOST, type Life, live, NOWHERE, startBlynk, use } from "./life.ts";

const pass = ({ port }: StandInServer) => `  reverse_proxy 127.0.0.1:${port}`;

async function liveBehind(site: string): Promise<Life> {
  const server = await startBlynk();
  const caddy = await use(startCaddy(site));
  return await live({ server, wrong: caddy.url });
}

const whileWrong = ({ connections, wrongToMs }: Life) => connections.filter((one) => one.atMs < wrongToMs);

describeDaemons(["caddy"], "behind Caddy", () => {
  test("a backlog goes in a request a datastream and an hour", async () => {
    const server = await startBlynk();
    const caddy = await use(startCaddy(pass(server)));
    const life = await live({ server, wrong: caddy.url, right: caddy.url });
    expectNothingLost(life);
    expect(life.connections.length).toBeLessThanOrEqual(16);
  });

  test("where nothing is configured, its empty 200 takes no point", async () => {
    expectNothingLost(await liveBehind(""));
  });

  test("its 502 without a server behind it is waited out", async () => {
    const life = await liveBehind(`  reverse_proxy ${NOWHERE.slice("http://".length)}`);
    expectNothingLost(life);
    expect(whileWrong(life).length).toBeLessThan(40);
  });

  test("its 502 for a body over 2 kB does not jam a datastream", async () => {
    const server = await startBlynk();
    const limit = "  request_body {\n    max_size 2KB\n  }\n";
    const caddy = await use(startCaddy(`${limit}${pass(server)}`));
    const life = await live({ server, wrong: caddy.url, right: caddy.url });
    // The limit stays: the backlog goes in small requests, once a smaller one was tried.
    expectNothingLost(life, 24);
    expect(life.connections.length).toBeLessThan(150);
  });

  test.each([400, 403, 404])("its own %i says nothing about the points", async (status) => {
    expectNothingLost(await liveBehind(`  respond ${status}`));
  });

  test("a portal's redirect is not followed", async () => {
    const life = await liveBehind("  redir http://portal.example/login");
    expectNothingLost(life);
    expect([...new Set(life.connections.map((one) => one.host))]).toEqual([HOST]);
  });
});

describeDaemons(["caddy", "haproxy"], "behind HAProxy and Caddy", () => {
  test("an empty 200 that comes 300 ms late takes no point", async () => {
    const server = await startBlynk();
    const caddy = await use(startCaddy(""));
    const late = `
  tcp-request inspect-delay 300ms
  tcp-request content accept if WAIT_END
  server caddy ${caddy.url.slice("http://".length)}`;
    const haproxy = await use(startHaproxy(late));
    expectNothingLost(await live({ server, wrong: haproxy.url }));
  });
});
