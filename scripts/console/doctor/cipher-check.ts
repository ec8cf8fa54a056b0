import { connect } from "node:tls";
import { sayNetworkError } from "../../build/network-error.ts";
import type { Finding } from "./finding.ts";

const TLS_TIMEOUT_MS = 15000;

/**
 * What Espruino offers: TLS 1.2, RSA or DHE-RSA key exchange, AES (libs/crypto/mbedtls/config.h of 2v29). In OpenSSL's
 * notation; SECLEVEL=0 because Espruino accepts short DH keys too.
 */
const ESPRUINO_CIPHERS = "kRSA+AES:kDHE+aRSA+AES:@SECLEVEL=0";

/** Whether the server accepts a cipher suite that Espruino offers. Tried from this computer, without SNI as Espruino does. */
export function checkCiphers(server: string, timeoutMs = TLS_TIMEOUT_MS): Promise<Finding> {
  const name = "TLS";
  const url = new URL(server);
  if (url.protocol !== "https:") {
    return Promise.resolve({
      name,
      verdict: "warn",
      found: "plain http: anybody in the network can read the token",
      advice: "Use it within your own network only.",
    });
  }
  return new Promise((resolve) => {
    const end = (finding: Omit<Finding, "name">) => {
      socket.destroy();
      resolve({ name, ...finding });
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
      end({ verdict: "ok", found: `the server accepts ${socket.getCipher().name}, which Espruino offers` });
    });
    socket.on("timeout", () => end({ verdict: "skip", found: "the server did not answer this computer in time" }));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/.test(error.code ?? "")) {
        end({ verdict: "skip", found: `this computer does not reach ${server}: ${sayNetworkError(error)}` });
        return;
      }
      end({
        verdict: "fail",
        found: "the server refuses all cipher suites that Espruino offers (TLS 1.2 with RSA or DHE-RSA)",
        advice:
          "Put a proxy that accepts them into your network, between the device and the server, and provision the unit with the proxy's address.",
      });
    });
  });
}
