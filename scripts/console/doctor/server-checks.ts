import { connect } from "node:tls";
import { awaitCallback } from "../transport/await-callback.ts";
import type { DeviceConsole } from "../transport/device-console.ts";
import type { Check } from "./finding.ts";

const DNS_TIMEOUT_MS = 15000;
const ANSWER_TIMEOUT_MS = 40000;
const TLS_TIMEOUT_MS = 15000;

/**
 * What Espruino offers: TLS 1.2, RSA or DHE-RSA key exchange, AES (libs/crypto/mbedtls/config.h of 2v29). In OpenSSL's
 * words; SECLEVEL=0 because Espruino takes short DH keys too.
 */
const ESPRUINO_CIPHERS = "kRSA+AES:kDHE+aRSA+AES:@SECLEVEL=0";

/** The host's name looked up by the device itself. */
export async function checkDns(device: DeviceConsole, host: string): Promise<Check> {
  const name = "DNS";
  if (/^\d+(\.\d+){3}$/.test(host)) return { name, verdict: "skip", found: `${host} is an address` };
  const ask = (answer: string) => `require("Wifi").getHostByName(${JSON.stringify(host)},${answer})`;
  const address = await awaitCallback(device, ask, DNS_TIMEOUT_MS);
  if (typeof address === "string" && address !== "" && address !== "0.0.0.0") {
    return { name, verdict: "ok", found: `${host} is ${address}` };
  }
  const advice =
    "Look whether other things in this network reach the internet; the access point gives out the name server.";
  return { name, verdict: "fail", found: `the device can't look up ${host}`, advice };
}

/**
 * Blynk's documented read `GET /external/api/isHardwareConnected?token=` (device-https-api/is-device-connected.md),
 * made by the device with the token it has: the token does not leave it. Two checks: server reached, token accepted.
 */
export async function checkServer(device: DeviceConsole, server: string): Promise<Check[]> {
  const url = new URL(server);
  const options = {
    protocol: url.protocol,
    host: url.hostname,
    port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
    method: "GET",
  };
  // `end` throws at once when the name does not resolve or the connection is refused.
  const ask = (answer: string) => `(function(a){
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
})(${answer})`;
  const answer = (await awaitCallback(device, ask, ANSWER_TIMEOUT_MS)) as
    | { status?: string; location?: number; body?: string; error?: string }
    | undefined;
  return judgeAnswer(server, answer);
}

function judgeAnswer(
  server: string,
  answer: { status?: string; location?: number; body?: string; error?: string } | undefined,
): Check[] {
  const reached = "server";
  const token = "token";
  const skipped: Check = { name: token, verdict: "skip", found: "the server was not reached" };
  if (answer === undefined || answer.error !== undefined) {
    const found = `${server}: ${answer === undefined ? "no answer" : answer.error}`;
    const advice =
      "See that the server's address is right and that this network lets the device out; the line “TLS” says whether the server speaks with Espruino at all.";
    return [{ name: reached, verdict: "fail", found, advice }, skipped];
  }
  const status = Number(answer.status);
  const ok: Check = { name: reached, verdict: "ok", found: `${server} answers` };
  if (status === 200 && /^\s*(true|false)\s*$/.test(answer.body ?? "")) {
    return [ok, { name: token, verdict: "ok", found: "accepted" }];
  }
  if (status === 400 && /Invalid token/.test(answer.body ?? "")) {
    const advice =
      "Compare it with Device info → Auth Token, and the region in Blynk's web page (bottom right): a token is known only in its region, e.g. https://fra1.blynk.cloud. Then `npm run provision`.";
    return [ok, { name: token, verdict: "fail", found: "the server does not know it", advice }];
  }
  if (status === 308 || answer.location === 1) {
    const advice =
      "Set the server of the account's region with `npm run provision -- --server …` (fra1, lon1, ny3, sgp1, blr1).";
    return [ok, { name: token, verdict: "fail", found: "the server points to another region or a login page", advice }];
  }
  const found = `${server} answers ${Number.isFinite(status) ? status : "something that is no HTTP"}, which is not Blynk's answer`;
  const advice = "A captive portal or a proxy may stand in between: open a web page in this network and look.";
  return [{ name: reached, verdict: "fail", found, advice }, skipped];
}

/** Whether the server takes a cipher suite that Espruino offers, tried from this computer: no SNI, as Espruino. */
export function checkCiphers(server: string, timeoutMs = TLS_TIMEOUT_MS): Promise<Check> {
  const name = "TLS";
  const url = new URL(server);
  if (url.protocol !== "https:") {
    return Promise.resolve({
      name,
      verdict: "warn",
      found: "plain http: whoever is in the network can read the token",
      advice: "Fine within your own network only.",
    });
  }
  return new Promise((resolve) => {
    const end = (check: Omit<Check, "name">) => {
      socket.destroy();
      resolve({ name, ...check });
    };
    const socket = connect({
      host: url.hostname,
      port: Number(url.port || 443),
      minVersion: "TLSv1.2",
      maxVersion: "TLSv1.2",
      ciphers: ESPRUINO_CIPHERS,
      // Espruino verifies no certificate (VERIFY_NONE) and sends no server name.
      rejectUnauthorized: false,
      timeout: timeoutMs,
    });
    socket.on("secureConnect", () => {
      end({ verdict: "ok", found: `the server takes ${socket.getCipher().name}, which Espruino offers` });
    });
    socket.on("timeout", () => end({ verdict: "skip", found: "no answer from this computer in time" }));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/.test(error.code ?? "")) {
        end({ verdict: "skip", found: `this computer does not reach ${server} (${error.code})` });
        return;
      }
      end({
        verdict: "fail",
        found: "the server refuses every cipher suite that Espruino offers (TLS 1.2 with RSA or DHE-RSA)",
        advice:
          "Put a proxy in your network between the device and the server that takes them, and provision the unit with its address.",
      });
    });
  });
}
