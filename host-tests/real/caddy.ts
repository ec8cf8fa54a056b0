import { type Daemon, startDaemon } from "./daemon.ts";

/** Caddy with one site over plain HTTP, for any host name: `site` is its text. */
export function startCaddy(site: string): Promise<Daemon> {
  return startDaemon({
    program: "caddy",
    configName: "Caddyfile",
    args: (file) => ["run", "--config", file, "--adapter", "caddyfile"],
    config: (port) => `{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
${site}
}
`,
  });
}
