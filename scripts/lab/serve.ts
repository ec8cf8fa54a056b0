/** Serves the page's files to this computer only. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { PageFiles } from "./build-page.ts";

export interface PageServer {
  /** As "http://127.0.0.1:34567/". */
  url: string;
  close(): Promise<void>;
}

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
};

/** On a free port of 127.0.0.1. */
export async function servePage(files: PageFiles): Promise<PageServer> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const name = path === "/" ? "index.html" : path.slice(1);
    const text = files.get(name);
    if (text === undefined) {
      response.writeHead(404, { "Content-Type": "text/plain" }).end(`There is no ${name} here.`);
      return;
    }
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
    response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store" }).end(text);
  });
  await new Promise<void>((done, failed) => server.once("error", failed).listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
