import { createServer } from "node:https";
import { describe, expect, it } from "vitest";
import { certificate } from "../../scripts/blynk-stand-in/certificate.ts";
import { startServer } from "../../scripts/blynk-stand-in/server.ts";
import { BlynkStandIn } from "../../scripts/blynk-stand-in/stand-in.ts";
import { checkCiphers } from "../../scripts/console/doctor/cipher-check.ts";
import { TOKEN } from "../support/console/console-rig.ts";

describe("the cipher check", () => {
  it("passes a server that accepts a cipher suite of Espruino", async () => {
    const tls = await startServer(new BlynkStandIn({ tokens: [TOKEN] }), { tls: true });
    expect(await checkCiphers(tls.url)).toMatchObject({
      verdict: "ok",
      found: expect.stringMatching(/AES256-GCM-SHA384/),
    });
    await tls.close();
  });

  it("fails a server that accepts only ECDHE, or only TLS 1.3", async () => {
    for (const options of [
      { ciphers: "ECDHE-RSA-AES128-GCM-SHA256", maxVersion: "TLSv1.2" },
      { minVersion: "TLSv1.3" },
    ] as const) {
      const modern = createServer({ ...(await certificate()), ...options });
      modern.on("tlsClientError", () => {});
      await new Promise<void>((resolve) => modern.listen(0, "127.0.0.1", resolve));
      const { port } = modern.address() as { port: number };
      expect(await checkCiphers(`https://127.0.0.1:${port}`)).toMatchObject({ verdict: "fail" });
      modern.close();
    }
  });

  it("does not blame a server that this computer can't reach", async () => {
    expect(await checkCiphers("https://127.0.0.1:9")).toMatchObject({ verdict: "skip" });
    expect(await checkCiphers("http://127.0.0.1:9")).toMatchObject({ verdict: "warn" });
  });
});
