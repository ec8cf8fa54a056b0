/** Runs a small Espruino program in the simulator, for tests of the simulator itself. */
import { runSimulation, type Script, type Simulation } from "../../scripts/simulator/simulate.ts";

const STATUS = "global.backfill = { status: function () { return { streams: [], verdict: 0, verdictText: '' }; } };";

/** What the program printed, in order, without the power's own lines. */
export async function printed(code: string, script: Script = {}): Promise<string[]> {
  return (await run(code, script)).lines.map((line) => line.text).filter((text) => !text.startsWith("("));
}

export function run(code: string, script: Script = {}): Promise<Simulation> {
  return runSimulation({ code: `${STATUS}\n${code}` }, { untilDrained: false, until: "2m", jitterMs: 0, ...script });
}

/** Joins the simulated access point, then runs `then`. */
export function joined(then: string): string {
  return `require("Wifi").connect("simulated", { password: "correct horse" }, function (error) { if (!error) { ${then} } });`;
}

/** Posts one point of v1 dated now; prints what comes of it. */
export const POST = `
function post(more) {
  var body = "[[" + global.simulated.trueMs() + ",1]]";
  var http = require("http");
  var options = {
    protocol: "http:", host: "blynk.cloud", port: 80, method: "POST",
    path: "/external/api/batch/update?token=simulated-token-0123456789abcdef&pin=v1",
    headers: { "Content-Type": "application/json", "Content-Length": body.length }
  };
  try {
    var req = http.request(options, function (res) {
      print("status", typeof res.statusCode, JSON.stringify(res.statusCode));
      res.on("data", function (data) { print("data", JSON.stringify(data)); });
      res.on("close", function (error) { print("close", error); });
    });
    req.on("error", function (error) { print("error", error.code); });
    req.on("drain", function () { print("drain"); });
    req.end(body);
    if (more) more(req);
  } catch (error) { print("thrown", error.message); }
}
`;
