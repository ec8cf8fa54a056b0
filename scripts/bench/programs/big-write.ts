/**
 * Sends a whole body with one `req.write`, as uploads are usually written, in an ESP32's memory. setup.json says how
 * many points.
 */
import { ESP32_JSVARS } from "../../interpreter/esp32.ts";
import { freeJsVars, jsVars, report } from "./measure.ts";

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

const setup = (require("Storage") as unknown as BenchStorage).readJSON("setup.json");
const room = ESP32_JSVARS - jsVars();
// A larger pool is cut down to an ESP32's.
const ballast: number[] = [];
while (freeJsVars() > room) ballast.push(0);
let body = "[";
for (let i = 0; i < setup.points; i++) body += `${i === 0 ? "" : ","}[${1760000000000 + i * 60000},21.5]`;
body += "]";
const fromS = getTime();
const request = (require("http") as unknown as BenchHttp).request(
  {
    protocol: "http:",
    host: "127.0.0.1",
    port: setup.httpPort,
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
