import { type Daemon, startDaemon } from "./daemon.ts";

/** nginx with one server block: `server` is its text, without `listen`. */
export function startNginx(server: string): Promise<Daemon> {
  return startDaemon({
    program: "nginx",
    configName: "nginx.conf",
    args: (file, folder) => ["-p", folder, "-c", file, "-e", "stderr"],
    config: (port, folder) => `
      daemon off;
      worker_processes 1;
      pid ${folder}/nginx.pid;
      events {}
      http {
        access_log off;
        client_body_temp_path ${folder}/body;
        proxy_temp_path ${folder}/proxy;
        fastcgi_temp_path ${folder}/fastcgi;
        uwsgi_temp_path ${folder}/uwsgi;
        scgi_temp_path ${folder}/scgi;
        server {
          listen 127.0.0.1:${port};
          ${server}
        }
      }`,
  });
}
