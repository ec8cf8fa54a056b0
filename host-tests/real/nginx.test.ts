/** nginx between the unit and Blynk. Run with Debian's 1.22.1. */
import { expect, test } from "vitest";
import type { StandInServer } from "../../scripts/blynk-stand-in/server.ts";
import { describeDaemons } from "./describe-daemons.ts";
import { expectNothingLost, HOST, type Life, live, startBlynk, use } from "./life.ts";
import { startNginx } from "./nginx.ts";

const pass = (server: StandInServer) => `location / { proxy_pass ${server.url}; }`;

/** nginx answers by itself for three hours; then it is gone. */
async function liveBehind(answer: string): Promise<Life> {
  const server = await startBlynk();
  const nginx = await use(startNginx(answer));
  return await live({ server, wrong: nginx.url });
}

const whileWrong = ({ connections, wrongToMs }: Life) => connections.filter((one) => one.atMs < wrongToMs);

describeDaemons(["nginx"], "behind nginx", () => {
  test("a backlog goes in a request a datastream and an hour", async () => {
    const server = await startBlynk();
    const nginx = await use(startNginx(pass(server)));
    const life = await live({ server, wrong: nginx.url, right: nginx.url });
    expectNothingLost(life);
    expect(life.connections.length).toBeLessThanOrEqual(16);
  });

  test("client_max_body_size below a single point for an hour costs no more than that hour", async () => {
    const server = await startBlynk();
    const nginx = await use(startNginx(`client_max_body_size 20; ${pass(server)}`));
    const life = await live({ server, wrong: nginx.url, wrongFor: "1h" });
    expectNothingLost(life);
    expect(life.connections.length).toBeLessThan(100);
  });

  test("client_max_body_size of 2 kB for ever is kept to", async () => {
    const server = await startBlynk();
    const nginx = await use(startNginx(`client_max_body_size 2k; ${pass(server)}`));
    const life = await live({ server, wrong: nginx.url, right: nginx.url });
    expectNothingLost(life);
    expect(life.connections.length).toBeLessThan(100);
  });

  test.each([400, 401, 403, 404, 405, 410, 422])("its own %i says nothing about the points", async (status) => {
    expectNothingLost(await liveBehind(`return ${status};`));
  });

  test.each([400, 403, 404, 413, 422, 429, 502])(
    "its own %i to two requests of three gives no point up",
    async (status) => {
      const server = await startBlynk();
      const nginx = await use(startNginx(`return ${status};`));
      expectNothingLost(await live({ server, wrong: [nginx.url, nginx.url, server.url] }));
    },
  );

  test.each([500, 502, 503, 504])("its own %i is waited out", async (status) => {
    const life = await liveBehind(`return ${status};`);
    expectNothingLost(life);
    expect(whileWrong(life).length).toBeLessThan(40);
  });

  test.each([429, 503])("no upload follows its %i before Retry-After is over", async (status) => {
    const life = await liveBehind(`add_header Retry-After 7200 always; return ${status};`);
    expectNothingLost(life, 4);
    // A read, which tells the server's date, comes before the first upload.
    const [, first, second] = life.connections;
    expect(second.atMs - first.atMs).toBeGreaterThan(7_200_000);
  });

  test("a request that it closes without an answer is sent again", async () => {
    expectNothingLost(await liveBehind("return 444;"));
  });

  test.each([
    ["a page", 'default_type text/html; return 200 "<html>Please log in</html>";'],
    ["an empty page", "return 200;"],
    ["no content", "return 204;"],
    ["another page", "return 302 http://portal.example/login;"],
    ["another page for good", "return 301 http://portal.example/login;"],
  ])("a portal that answers with %s takes no point", async (_name, answer) => {
    const life = await liveBehind(answer);
    expectNothingLost(life);
    expect([...new Set(life.connections.map((one) => one.host))]).toEqual([HOST]);
  });

  test("a TLS handshake that fails, because it has no TLS, costs nothing", async () => {
    const server = await startBlynk();
    const nginx = await use(startNginx(pass(server)));
    expectNothingLost(await live({ server, wrong: nginx.url.replace("http:", "https:"), scheme: "https" }));
  });

  test("answers with 16 kB of headers cost nothing but repeats", async () => {
    const server = await startBlynk();
    const padding = [1, 2, 3, 4].map((i) => `add_header X-Padding-${i} ${"x".repeat(4000)} always;`).join("\n");
    const nginx = await use(startNginx(`${padding} ${pass(server)}`));
    expectNothingLost(await live({ server, wrong: nginx.url }));
  });

  test("a 504 after the server took the points brings the same bytes again", async () => {
    const server = await startBlynk();
    const nginx = await use(startNginx(`proxy_read_timeout 1s; ${pass(server)}`));
    server.fault = ({ method, index }) => (method === "POST" && index < 2 ? { kind: "delay", ms: 3000 } : undefined);
    const life = await live({ server, wrong: nginx.url });
    expectNothingLost(life);
    expect(server.standIn.stats().duplicates).toBeGreaterThan(0);
  });
});

describeDaemons(["nginx"], "a redirect by nginx", () => {
  const region = "fra1.blynk.cloud";

  test("308 to another region is followed, and kept over a reboot", async () => {
    const server = await startBlynk();
    const home = await use(startNginx(`return 308 http://${region}$request_uri;`));
    const right = await use(startNginx(pass(server)));
    const life = await live({
      server,
      wrong: home.url,
      right: home.url,
      hosts: { [region]: right.url },
      script: { power: [{ at: "8h", kind: "cut" }] },
    });
    expectNothingLost(life);
    expect(life.connections.filter((one) => one.host === HOST).length).toBeLessThanOrEqual(2);
  });

  test.each([
    "http://blynk.cloud.example$request_uri",
    "http://notblynk.cloud$request_uri",
    "http://fra1.blynk.cloud@portal.example$request_uri",
    "http://fra1.blynk.cloud:8080$request_uri",
    "https://fra1.blynk.cloud$request_uri",
    "http://fra1.blynk.cloud/login",
    "//portal.example$request_uri",
  ])("308 to %s is a portal's", async (location) => {
    const life = await liveBehind(`return 308 ${location};`);
    expectNothingLost(life);
    expect([...new Set(life.connections.map((one) => one.host))]).toEqual([HOST]);
  });

  test("308 in a circle ends, and the unit comes back", async () => {
    const server = await startBlynk();
    const toFrankfurt = await use(startNginx("return 308 http://fra1.blynk.cloud$request_uri;"));
    const toLondon = await use(startNginx("return 308 http://lon1.blynk.cloud$request_uri;"));
    const life = await live({
      server,
      wrong: toFrankfurt.url,
      hosts: { "fra1.blynk.cloud": toLondon.url, "lon1.blynk.cloud": toFrankfurt.url },
    });
    expectNothingLost(life, 24);
    expect(whileWrong(life).length).toBeLessThan(60);
  });
});
