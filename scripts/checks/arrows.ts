/** Who may import whom: `firmware ← scripts ← host-tests`, and the arrows between the folders inside. */
import { dirname, join, normalize } from "node:path";
import type { Node } from "../build/ast/scopes.ts";
import type { Problem } from "../build/bundle.ts";
import type { SourceFile } from "./source-file.ts";

/**
 * For each folder, what it may import: a folder, a file, or one for its types only ("type …"). The longest folder that
 * a file lies in decides. What is named nowhere else, such as data files beside the code, is free.
 */
const ARROWS: { [folder: string]: string[] } = {
  "firmware/": ["firmware/"],
  "firmware/platform/": ["firmware/platform/"],
  "firmware/storage/": ["firmware/storage/", "firmware/platform/ports.ts", "firmware/limits.ts"],
  "firmware/storage/format/": ["firmware/storage/format/", "firmware/limits.ts"],
  "firmware/clock/": ["firmware/clock/", "firmware/platform/ports.ts", "firmware/limits.ts", "type firmware/storage/"],
  "firmware/network/": [
    "firmware/network/",
    "firmware/platform/ports.ts",
    "firmware/limits.ts",
    "firmware/verdict.ts",
    "type firmware/settings.ts",
  ],
  "firmware/panel/": [
    "firmware/panel/",
    "firmware/platform/ports.ts",
    "firmware/limits.ts",
    "firmware/verdict.ts",
    "type firmware/device-types.ts",
  ],
  "firmware/sensors/": [
    "firmware/sensors/",
    "firmware/platform/",
    "firmware/limits.ts",
    "type firmware/storage/",
    "type firmware/clock/",
    "type firmware/device-types.ts",
  ],
  "firmware/upload/": [
    "firmware/upload/",
    "firmware/storage/",
    "firmware/clock/",
    "firmware/network/",
    "firmware/platform/ports.ts",
    "firmware/limits.ts",
    "firmware/verdict.ts",
    "type firmware/settings.ts",
    "type firmware/device-types.ts",
  ],
  // The verbs: one file a command.
  "scripts/": ["firmware/", "scripts/"],
  "scripts/build/": ["firmware/", "scripts/build/"],
  // Written from the contract, not from the client: otherwise both share one misunderstanding.
  "scripts/blynk-stand-in/": ["scripts/blynk-stand-in/"],
  "scripts/simulator/": ["firmware/", "scripts/build/", "scripts/blynk-stand-in/", "scripts/simulator/"],
  "scripts/interpreter/": ["firmware/", "scripts/build/", "scripts/simulator/", "scripts/interpreter/"],
  "scripts/console/": ["firmware/", "scripts/build/", "scripts/console/"],
  "scripts/checks/": ["scripts/build/", "scripts/checks/"],
  "scripts/bench/": [
    "firmware/",
    "scripts/build/",
    "scripts/blynk-stand-in/",
    "scripts/simulator/",
    "scripts/interpreter/",
    "scripts/bench/",
  ],
  "host-tests/": ["firmware/", "scripts/", "host-tests/"],
};

/** A command may be started by a test or by another command; a library never calls upwards. */
const VERB = /^scripts\/[^/]+\.ts$/;
const MAY_IMPORT_VERBS = /^scripts\/[^/]+\.ts$|^host-tests\//;

export interface Import {
  /** The file that is named, from the repository's root. */
  target: string;
  /** Nothing of it is left at run time. */
  isType: boolean;
  at: number;
}

/** Every import that an arrow forbids. */
export function findBackArrows(file: SourceFile): Problem[] {
  if (!file.isCode) return [];
  const folder = longestPrefix(Object.keys(ARROWS), file.path);
  if (folder === undefined) return [];
  return importsOf(file).flatMap(({ target, isType, at }) => {
    if (!/^(firmware|scripts|host-tests)\//.test(target)) return [];
    if (VERB.test(target) && !MAY_IMPORT_VERBS.test(file.path)) {
      return [file.problem(at, `${folder} may not import ${target}, a command`, "a module below scripts/ for both")];
    }
    const isAllowed = ARROWS[folder].some((one) => {
      return target.startsWith(one) || (isType && one.startsWith("type ") && target.startsWith(one.slice(5)));
    });
    return isAllowed ? [] : [file.problem(at, `${folder} may not import ${target}`, "take it as an argument")];
  });
}

/**
 * What a file names of the repository: imports and exports with `from`, `import()`, types as `import("…")`, and files
 * as `new URL("…", import.meta.url)`. Packages are left out.
 */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  file.walk((node) => {
    const source = sourceOf(node);
    const target = source === undefined ? undefined : targetOf(file.path, source);
    if (target !== undefined) {
      const isType = node.importKind === "type" || node.exportKind === "type" || node.type === "TSImportType";
      found.push({ target, isType, at: node.start });
    }
  });
  return found;
}

function sourceOf(node: Node): string | undefined {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
    case "ImportExpression":
    case "TSImportType":
      return textOf(node.source);
    case "TSExternalModuleReference":
      return textOf(node.expression);
    case "CallExpression":
      return node.callee.name === "require" ? textOf(node.arguments[0]) : undefined;
    case "NewExpression":
      return node.callee.name === "URL" && node.arguments[1]?.object?.type === "MetaProperty"
        ? textOf(node.arguments[0])
        : undefined;
    default:
      return undefined;
  }
}

/** The text of a literal, or of a template without holes. */
function textOf(node: Node | null | undefined): string | undefined {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  if (node?.type === "TemplateLiteral" && node.quasis.length === 1) return node.quasis[0].value.cooked;
  return undefined;
}

function targetOf(path: string, source: string): string | undefined {
  // As device files name the firmware (scripts/build).
  if (source.startsWith("espruino-backfill/")) return `firmware/${source.slice("espruino-backfill/".length)}`;
  if (!source.startsWith(".")) return undefined;
  return normalize(join(dirname(path), source)).replaceAll("\\", "/");
}

function longestPrefix(prefixes: string[], path: string): string | undefined {
  return prefixes.filter((one) => path.startsWith(one)).sort((a, b) => b.length - a.length)[0];
}
