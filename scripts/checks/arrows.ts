/**
 * Who may import whom: `firmware ← scripts ← host-tests`, and the arrows between the folders inside. Biome's
 * noRestrictedImports compares the text of an import, not the file that it names, and sees no `new URL(…)`.
 */
import { dirname, join, normalize } from "node:path";
import type { Node } from "../build/ast/scopes.ts";
import type { Problem } from "../build/bundle.ts";
import type { SourceFile } from "./source-file.ts";

/** The rooms of the console, in their order: each imports only from itself and from those before it. */
const CONSOLE_ORDER = ["terminal", "transport", "unit", "stored-data", "doctor"].map(
  (room) => `scripts/console/${room}/`,
);

const CONSOLE_ROOMS = Object.fromEntries(
  CONSOLE_ORDER.map((room, i) => [room, ["firmware/", "scripts/build/", ...CONSOLE_ORDER.slice(0, i + 1)]]),
);

/**
 * What each folder may import: a folder, a file, or one of these for its types only ("type …"). The longest folder around a
 * file decides. Targets outside firmware/, scripts/ and host-tests/ are free.
 */
const ARROWS: { [folder: string]: string[] } = {
  "firmware/": ["firmware/"],
  "firmware/platform/": ["firmware/platform/"],
  "firmware/storage/": ["firmware/storage/", "firmware/platform/ports.ts", "firmware/limits.ts"],
  "firmware/storage/format/": ["firmware/storage/format/", "firmware/limits.ts", "type firmware/platform/ports.ts"],
  // Fixes are the ledger's.
  "firmware/clock/": [
    "firmware/clock/",
    "firmware/storage/ledger/",
    "firmware/platform/ports.ts",
    "firmware/limits.ts",
    "type firmware/storage/",
  ],
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
    "firmware/storage/format/decimal.ts",
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
  // The commands, one file each.
  "scripts/": ["firmware/", "scripts/"],
  "scripts/build/": ["firmware/", "scripts/build/"],
  // Written from the contract, not from the client: otherwise both share one misunderstanding.
  "scripts/blynk-stand-in/": ["scripts/blynk-stand-in/"],
  "scripts/simulator/": ["firmware/", "scripts/build/", "scripts/blynk-stand-in/", "scripts/simulator/"],
  "scripts/interpreter/": ["firmware/", "scripts/build/", "scripts/simulator/", "scripts/interpreter/"],
  "scripts/console/": ["firmware/", "scripts/build/", "scripts/console/"],
  ...CONSOLE_ROOMS,
  "scripts/new-device/": [
    "firmware/",
    "scripts/build/",
    "scripts/console/terminal/",
    "scripts/simulator/duration.ts",
    "scripts/new-device/",
  ],
  // The engine runs in a browser: nothing of the desk's.
  "scripts/lab/engine/": [
    "firmware/",
    "scripts/blynk-stand-in/",
    "scripts/simulator/",
    "scripts/lab/engine/",
    "scripts/lab/protocol.ts",
    "type scripts/lab/program.ts",
  ],
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

/** Only tests and other commands may import a command: no module imports what is built on it. */
const COMMAND = /^scripts\/[^/]+\.ts$/;
const MAY_IMPORT_COMMANDS = /^scripts\/[^/]+\.ts$|^host-tests\//;

export interface Import {
  /** The file that is named, from the repository's root. */
  target: string;
  /** It is gone at run time. */
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
    if (COMMAND.test(target) && !MAY_IMPORT_COMMANDS.test(file.path)) {
      return [file.problem(at, `${folder} may not import ${target}, a command`, "a module that both import")];
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
  // Device files name the firmware so (`exports` of package.json).
  const named = /^espruino-backfill\/(.+?)(\.ts)?$/.exec(source);
  if (named !== null) return `firmware/${named[1]}.ts`;
  if (!source.startsWith(".")) return undefined;
  return normalize(join(dirname(path), source)).replaceAll("\\", "/");
}

function longestPrefix(prefixes: string[], path: string): string | undefined {
  return prefixes.filter((one) => path.startsWith(one)).sort((a, b) => b.length - a.length)[0];
}
