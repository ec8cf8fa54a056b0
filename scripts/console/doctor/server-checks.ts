import { awaitCallback } from "../transport/await-callback.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import type { Finding } from "./finding.ts";

const DNS_TIMEOUT_MS = 15000;
const ANSWER_TIMEOUT_MS = 40000;

/** Looks up the host's name on the device itself. */
export async function checkDns(device: DeviceConsole, host: string): Promise<Finding> {
  const name = "DNS";
  if (/^\d+(\.\d+){3}$/.test(host)) return { name, verdict: "skip", found: `${host} is an IP address` };
  const start = (callback: string) => `require("Wifi").getHostByName(${JSON.stringify(host)},${callback})`;
  const address = await awaitCallback(device, start, DNS_TIMEOUT_MS);
  if (typeof address === "string" && address !== "" && address !== "0.0.0.0") {
    return { name, verdict: "ok", found: `${host} is ${address}` };
  }
  const advice =
    "Check that other devices in this network reach the internet. The access point tells the device which name server to use.";
  return { name, verdict: "fail", found: `the device can't look up ${host}`, advice };
}

/**
 * Lets the device make Blynk's documented request `GET /external/api/isHardwareConnected?token=`
 * (device-https-api/is-device-connected.md) with its own token; the token does not come to this computer. Two findings:
 * whether the device reaches the server, and whether the server accepts the token.
 */
export async function checkServer(device: DeviceConsole, server: string): Promise<Finding[]> {
  const url = new URL(server);
  const options = {
    protocol: url.protocol,
    host: url.hostname,
    port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
    method: "GET",
  };
  // `end` throws at once when the name does not resolve or the connection is refused.
  const start = (callback: string) => `(function(a){
var o=${JSON.stringify(options)},t=require("Storage").readJSON("backfill.json",true).token,b="";
o.path="/external/api/isHardwareConnected?token="+t;
try{
var q=require("http").request(o,function(r){
r.on("data",function(d){if(b.length<300)b+=d;});
r.on("close",function(){a({status:r.statusCode,location:(r.headers||{}).Location?1:0,body:b.split(t).join("")});});
});
q.on("error",function(e){a({error:""+(e.message||e.code||e)});});
q.end();
}catch(e){a({error:(""+e).split(t).join("")});}
})(${callback})`;
  const answer = (await awaitCallback(device, start, ANSWER_TIMEOUT_MS)) as
    | { status?: string; location?: number; body?: string; error?: string }
    | undefined;
  return judgeAnswer(server, answer);
}

function judgeAnswer(
  server: string,
  answer: { status?: string; location?: number; body?: string; error?: string } | undefined,
): Finding[] {
  const reached = "server";
  const token = "token";
  const skipped: Finding = { name: token, verdict: "skip", found: "the server was not reached" };
  if (answer === undefined || answer.error !== undefined) {
    const found = `${server}: ${answer === undefined ? "no answer" : answer.error}`;
    const advice =
      "Check the server's address, and check that this network lets the device reach the internet. The line “TLS” says whether the server accepts a connection from Espruino at all.";
    return [{ name: reached, verdict: "fail", found, advice }, skipped];
  }
  const status = Number(answer.status);
  const ok: Finding = { name: reached, verdict: "ok", found: `${server} answers` };
  if (status === 200 && /^\s*(true|false)\s*$/.test(answer.body ?? "")) {
    return [ok, { name: token, verdict: "ok", found: "accepted" }];
  }
  if (status === 400 && /Invalid token/.test(answer.body ?? "")) {
    const advice =
      "Compare it with Device info → Auth Token in Blynk. Check the region too (bottom right on Blynk's web page): only the server of its own region knows a token, e.g. https://fra1.blynk.cloud. Then run `npm run provision`.";
    return [ok, { name: token, verdict: "fail", found: "the server does not know it", advice }];
  }
  if (status === 308 || answer.location === 1) {
    const advice =
      "A redirect to a region of Blynk's is followed in the next sync: press the button, and run the doctor again. If that does not help, set the server of the account's region with `npm run provision -- --server https://REGION.blynk.cloud` (fra1, lon1, ny3, sgp1, blr1).";
    return [
      ok,
      { name: token, verdict: "fail", found: "the server redirects to another region or a login page", advice },
    ];
  }
  const found = `${server} answers ${Number.isFinite(status) ? status : "something that is not HTTP"}, which is not Blynk's answer`;
  const advice =
    "A captive portal or a proxy may have answered instead: open a web page in this network and see what comes.";
  return [{ name: reached, verdict: "fail", found, advice }, skipped];
}
