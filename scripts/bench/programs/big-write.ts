/** One `req.write` of a whole body, of as many points as world.json says, in an ESP32's memory: how uploads are written today. */
import { ESP32_JSVARS } from "../../interpreter/esp32.ts";
import { freeJsVars, jsVars, report } from "./report.ts";

interface BenchStorage {
  readJSON(name: string): { httpPort: number; points: number };
}
interface BenchRequest {
  write(text: string): void;
  end(): void;
}
interface BenchHttp {
  request(options: object, done: (response: { on(event: string, listener: () => void): void }) => void): BenchRequest;
}

const world = (require("Storage") as unknown as BenchStorage).readJSON("world.json");
const room = ESP32_JSVARS - jsVars();
// What a larger pool has more is taken away.
const ballast: number[] = [];
while (freeJsVars() > room) ballast.push(0);
let body = "[";
for (let i = 0; i < world.points; i++) body += `${i === 0 ? "" : ","}[${1760000000000 + i * 60000},21.5]`;
body += "]";
const fromS = getTime();
const request = (require("http") as unknown as BenchHttp).request(
  {
    protocol: "http:",
    host: "127.0.0.1",
    port: world.httpPort,
    path: "/",
    method: "POST",
    headers: { "Content-Type": "application/json", "Content-Length": body.length },
  },
  (response) => {
    response.on("close", () => {
      report("bigWriteMs", (getTime() - fromS) * 1000);
      report("ballast", ballast.length);
      console.log("BENCH done 0");
    });
  },
);
request.write(body);
request.end();
