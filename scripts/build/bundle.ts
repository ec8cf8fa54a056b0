import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as acorn from "acorn";
import * as esbuild from "esbuild";
import { childrenOf, type Node } from "./ast/scopes.ts";
import { inlineCalledOnce } from "./passes/call-once.ts";
import { inlineConstants } from "./passes/constants.ts";
import { shortNames } from "./passes/mangle.ts";
import { forgetStart } from "./passes/start-only.ts";
import { renameTopLevel } from "./passes/top-level.ts";

/** The repository's root, with everything a bundle is made of. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const FIRMWARE = join(ROOT, "firmware");
const DEVICE_FILE = join(FIRMWARE, "device.ts");

/** One complaint about the source: where (1-based), what, and what to write instead. */
export interface Problem {
  file: string;
  line: number;
  column: number;
  text: string;
  instead?: string;
}

/** The sources can't become firmware. `message` has one line a problem, as `file:line:column: text`. */
export class BundleError extends Error {
  readonly problems: Problem[];
  constructor(problems: Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.name = "BundleError";
    this.problems = problems;
  }
}

export function formatProblem(problem: Problem): string {
  const place = problem.file === "" ? "" : `${problem.file}:${problem.line}:${problem.column}: `;
  return place + problem.text + (problem.instead ? `. Instead: ${problem.instead}` : "");
}

/**
 * Syntax that Espruino misreads and esbuild can't rewrite: the build stops with file and line.
 * What esbuild rewrites without a helper function (`?.`, `??=`, `**`) is rewritten.
 */
const SUPPORTED: Record<string, boolean> = {
  "array-spread": false,
  "async-await": false,
  "async-generator": false,
  bigint: false,
  "class-static-blocks": false,
  "default-argument": false,
  destructuring: false,
  "dynamic-import": false,
  "exponent-operator": false,
  "for-await": false,
  generator: false,
  "import-meta": false,
  "logical-assignment": false,
  "nested-rest-binding": false,
  "new-target": false,
  "object-rest-spread": false,
  "optional-chain": false,
  "rest-argument": false,
  "top-level-await": false,
  using: false,
};

const INSTEAD: [RegExp, string][] = [
  [/destructuring/, "read the members one by one"],
  [/default arguments/, "test the argument for undefined in the body"],
  [/rest arguments/, "pass an array"],
  [/array spread/, "concat() or apply()"],
  [/async|await/, "callbacks"],
  [/generator/, "a function that returns the next item at each call"],
  [/[Bb]ig integer/, "a number: doubles are exact to 2^53"],
  [/new\.target/, "a factory function"],
  [/dynamic import|import\.meta/, "a plain import at the top"],
];

export interface BundleOptions {
  /** The device file to build in place of firmware/device.ts. */
  deviceFile?: string;
  /** Or its source text; its relative imports start at firmware/. */
  deviceSource?: string;
  /** Default true. */
  minify?: boolean;
  /** Default firmware/main.ts. */
  entry?: string;
}

/** One script for Espruino of all that `entry` imports. Throws `BundleError` with file and line for what can't be built. */
export async function bundleFirmware(options: BundleOptions = {}): Promise<{ code: string; bytes: number }> {
  if (options.minify === false) {
    const files = await runEsbuild(options, { supported: SUPPORTED });
    const code = speakEspruino(files[0].text);
    return { code, bytes: Buffer.byteLength(code) };
  }
  // Bare, and with names as they were written: the steps of `shrink` need both.
  const files = await runEsbuild(options, { ...(await ownNames(options)), supported: SUPPORTED, format: "esm" });
  const code = await shrink(files[0].text);
  return { code, bytes: Buffer.byteLength(code) };
}

/**
 * The same program as it was written: nothing lowered, nothing renamed, with its source map, for the dialect check.
 * `lowered` gives what is flashed instead.
 */
export async function bundleWithMap(options: BundleOptions, lowered: boolean): Promise<{ code: string; map: string }> {
  const files = await runEsbuild(options, {
    ...(lowered && options.minify !== false ? { minify: true, ...(await ownNames(options)) } : {}),
    supported: lowered ? SUPPORTED : {},
    sourcemap: "external",
    outfile: join(ROOT, "dist", "firmware.js"),
  });
  const text = (end: string) => files.find((file) => file.path.endsWith(end))?.text ?? "";
  return { code: speakEspruino(text(".js")), map: text(".map") };
}

/** esbuild's minifier, and what it leaves on the table (each step's file says what it is for). */
async function shrink(code: string): Promise<string> {
  let small = inlineCalledOnce(code);
  // What a constant was computed from may be one itself: the second round finds it folded.
  for (let round = 0; round < 2; round++) {
    const options = { supported: SUPPORTED, target: "es2022", charset: "ascii", minify: true } as const;
    small = (await esbuild.transform(inlineConstants(small), options)).code;
  }
  return forgetStart(renameTopLevel(speakEspruino(small.trimEnd())));
}

/** Short names for the program's own properties (see mangle.ts), as esbuild takes them. */
async function ownNames(options: BundleOptions): Promise<esbuild.BuildOptions> {
  const inputs: string[] = [];
  const files = await runEsbuild(options, { supported: SUPPORTED, metafile: true }, inputs);
  const foreign = inputs
    .filter((path) => !path.startsWith("firmware/") || resolve(ROOT, path) === DEVICE_FILE)
    .map((path) => (existsSync(resolve(ROOT, path)) ? readFileSync(resolve(ROOT, path), "utf8") : ""));
  const names = shortNames(files[0].text, foreign.concat(options.deviceSource ?? ""), ROOT);
  if (Object.keys(names).length === 0) return {};
  return { mangleProps: new RegExp(`^(${Object.keys(names).join("|")})$`), mangleCache: names };
}

/**
 * The device file alone, for the host: a script that leaves it in the global `deviceFile`. It names Espruino's functions where
 * its sensors do, so it runs only in a context that stands in for them (see device-file.ts).
 */
export async function bundleDeviceFile(options: Pick<BundleOptions, "deviceFile" | "deviceSource">): Promise<string> {
  const files = await runEsbuild(options, {
    entryPoints: undefined,
    stdin: { contents: 'export { device } from "./device.ts";', resolveDir: FIRMWARE, loader: "ts" },
    globalName: "deviceFile",
    supported: {},
    sourcemap: "inline",
  });
  return speakEspruino(files[0].text);
}

/** Puts `require` back, and other names for `of`, which the minifier gives out and Espruino takes for a keyword. */
function speakEspruino(text: string): string {
  const code = text.replace(/\brequirE\b/g, "require");
  if (!/\bof\b/.test(code)) return code;
  const other = ["$o", "$f", "_o", "_f"].find((name) => !code.includes(name)) ?? "o_";
  const renamed = code.split("");
  const visit = (node: Node, parent: Node): void => {
    if (node.type === "Identifier" && node.name === "of") {
      const isMember =
        parent.type === "MemberExpression" ? parent.property === node && !parent.computed : parent.key === node;
      if (parent.shorthand) renamed[node.start] = `of:${other[0]}`;
      else if (!isMember) renamed[node.start] = other[0];
      if (parent.shorthand || !isMember) renamed[node.start + 1] = other[1];
    }
    for (const child of childrenOf(node)) visit(child, node);
  };
  const program = acorn.parse(code, { ecmaVersion: "latest" }) as unknown as Node;
  visit(program, program);
  return renamed.join("");
}

/** `inputs` receives the paths of all files, from the repository's root. */
async function runEsbuild(
  options: BundleOptions,
  more: esbuild.BuildOptions,
  inputs: string[] = [],
): Promise<esbuild.OutputFile[]> {
  const deviceFile = options.deviceFile === undefined ? undefined : resolve(options.deviceFile);
  if (deviceFile !== undefined && !existsSync(deviceFile)) {
    throw new BundleError([{ file: "", line: 0, column: 0, text: `no such device file: ${options.deviceFile}` }]);
  }
  try {
    const built = await esbuild.build({
      entryPoints: [options.entry ?? join(FIRMWARE, "main.ts")],
      absWorkingDir: ROOT,
      bundle: true,
      write: false,
      // One function around everything, which `bundleFirmware` leaves out of what it minifies (see top-level.ts).
      format: "iife",
      // esbuild would wrap `require` in a shim; Espruino's own must be called by name, so that EspruinoTools finds modules.
      // A stand-in of the same length keeps the columns of the source map.
      define: { require: "requirE" },
      platform: "neutral",
      target: "es2022",
      charset: "ascii",
      legalComments: "none",
      logLevel: "silent",
      tsconfigRaw: { compilerOptions: { useDefineForClassFields: false, verbatimModuleSyntax: true } },
      plugins: [devicePlugin(deviceFile, options.deviceSource)],
      ...more,
    });
    inputs.push(...Object.keys(built.metafile?.inputs ?? {}));
    return built.outputFiles ?? [];
  } catch (error) {
    if ((error as esbuild.BuildFailure).errors === undefined) throw error;
    throw new BundleError((error as esbuild.BuildFailure).errors.map(problemOf));
  }
}

function problemOf(message: esbuild.Message): Problem {
  const text = message.text.replace(
    /^Transforming (.*) to the configured target environment.*$/,
    "Espruino does not understand $1",
  );
  return {
    file: message.location?.file ?? "",
    line: message.location?.line ?? 0,
    column: (message.location?.column ?? -1) + 1,
    text,
    instead: INSTEAD.find(([pattern]) => pattern.test(text))?.[1],
  };
}

/**
 * Puts another device file in the place of firmware/device.ts. From wherever it lies, `espruino-backfill/…` names the
 * firmware's files, and so does a relative import that finds nothing beside it: a copied device.ts works as it is.
 */
export function devicePlugin(deviceFile: string | undefined, deviceSource: string | undefined): esbuild.Plugin {
  return {
    name: "device",
    setup(build) {
      build.onResolve({ filter: /^espruino-backfill\// }, (args) => {
        return { path: join(FIRMWARE, args.path.slice("espruino-backfill/".length)) };
      });
      build.onResolve({ filter: /^\.\.?\// }, (args) => {
        const beside = resolve(args.resolveDir, args.path);
        if (beside === DEVICE_FILE) {
          if (deviceSource !== undefined) return { path: "device.ts", namespace: "device-source" };
          if (deviceFile !== undefined) return { path: deviceFile };
        }
        const inFirmware = resolve(FIRMWARE, args.path);
        if (args.importer === deviceFile && !existsSync(beside) && existsSync(inFirmware)) return { path: inFirmware };
        return undefined;
      });
      build.onLoad({ filter: /.*/, namespace: "device-source" }, () => {
        return { contents: deviceSource as string, loader: "ts", resolveDir: FIRMWARE };
      });
    },
  };
}
