import { transform } from "esbuild";
import type { Script } from "../ast/parsed-script.ts";
import { OUTPUT, SUPPORTED } from "../run-esbuild.ts";

/** esbuild's minifier: short names inside functions, values of constant expressions, no space and no comments. */
export async function minify(script: Script): Promise<Script> {
  const { code, map } = await transform(script.code, {
    ...OUTPUT,
    supported: SUPPORTED,
    minify: true,
    sourcemap: "external",
  });
  return script.becomes(code.trimEnd(), () => map);
}
