import { type Daemon, startDaemon } from "./daemon.ts";

/** HAProxy with one `listen` section: `section` is its text, without `bind`. */
export function startHaproxy(section: string): Promise<Daemon> {
  return startDaemon({
    program: "haproxy",
    configName: "haproxy.cfg",
    args: (file) => ["-f", file, "-db"],
    config: (port) => `
global
  log stdout format raw local0 info
defaults
  mode http
  log global
  option httplog
  retries 0
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen proxy
  bind 127.0.0.1:${port}
${section}
`,
  });
}
