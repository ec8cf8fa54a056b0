import { describe, expect, it } from "vitest";
import { createSecrets } from "../../scripts/console/terminal/secrets.ts";

describe("a secret", () => {
  it("is masked in plain text, JSON and URLs", () => {
    const secrets = createSecrets();
    secrets.keep('pa"ss word/1');
    const shown = secrets.mask(
      `pa"ss word/1 | ${JSON.stringify('pa"ss word/1')} | ${encodeURIComponent('pa"ss word/1')}`,
    );
    expect(shown).toBe('•••• | "••••" | ••••');
    expect(secrets.mask("https://blynk.cloud/external/api/get?token=abc123&v1")).toBe(
      "https://blynk.cloud/external/api/get?token=••••&v1",
    );
  });

  it("is not masked inside a word", () => {
    const secrets = createSecrets();
    secrets.keep("data");
    expect(secrets.mask("datastream, data; metadata (data) data_1")).toBe("datastream, ••••; metadata (••••) data_1");
    expect(secrets.mask(JSON.stringify("line\ndata"))).toBe('"line\\n••••"');
    secrets.keep("12345678");
    expect(secrets.mask("12345678, 1712345678000, b12345678")).toBe("••••, 1712345678000, b12345678");
    secrets.keep("token-0123456789");
    expect(secrets.mask("xtoken-0123456789x")).toBe("x••••x");
  });
});
