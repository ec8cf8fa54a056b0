/** Only `firmware/platform` names Espruino: everything else gets a port. */
import { type Node, resolveNames } from "../build/ast/scopes.ts";
import type { Problem } from "../build/bundle.ts";
import { GLOBALS, PIN_NAME } from "../build/dialect/library.ts";
import type { SourceFile } from "./source-file.ts";

/** JavaScript's own names: these may stand anywhere. Timers may not, they are a port. */
const ANYWHERE =
  /^(Array|ArrayBuffer|Boolean|DataView|Date|Error|\w*Error|\w+Array|Function|Infinity|JSON|Math|NaN|Number|Object|Promise|RegExp|String|arguments|console|decodeURIComponent|encodeURIComponent|globalThis|isFinite|isNaN|parseFloat|parseInt|undefined)$/;

/** Every use of a global of Espruino's, or of a pin, outside `firmware/platform`. */
export function findEspruinoNames(file: SourceFile): Problem[] {
  if (!file.isCode || !file.path.startsWith("firmware/") || file.path.startsWith("firmware/platform/")) return [];
  return resolveNames(withoutTypes(file.program)).flatMap(({ node, binding }) => {
    const { name } = node;
    if (binding !== undefined || ANYWHERE.test(name) || !(GLOBALS.has(name) || PIN_NAME.test(name))) return [];
    return [file.problem(node.start, `names ${name}, which is Espruino's`, "a port of firmware/platform")];
  });
}

const TYPE_PARTS = /^(typeAnnotation|returnType|typeParameters|typeArguments|superTypeArguments|implements)$/;
const TYPE_STATEMENT = /^TS(TypeAlias|Interface|Module)Declaration$|^TSDeclareFunction$/;

/** The program as JavaScript: a copy of the tree without its types. */
function withoutTypes(node: Node): Node {
  // `x as T`, `x satisfies T`, `x!`
  if (/^TS(As|Satisfies|NonNull|TypeAssertion)/.test(node.type)) return withoutTypes(node.expression);
  const bare: Node = { ...node };
  for (const key of Object.keys(node)) {
    const value = node[key];
    if (TYPE_PARTS.test(key)) bare[key] = null;
    else if (Array.isArray(value)) bare[key] = value.filter(isLeftAtRunTime).map(bareValue);
    else bare[key] = bareValue(value);
  }
  return bare;
}

function bareValue<T>(value: T): T {
  const node = value as Node | null;
  return (node !== null && typeof node === "object" && typeof node.type === "string" ? withoutTypes(node) : value) as T;
}

function isLeftAtRunTime(one: Node | null): boolean {
  if (one === null || typeof one !== "object") return true;
  const statement = one.type === "ExportNamedDeclaration" && one.declaration ? one.declaration : one;
  return !TYPE_STATEMENT.test(statement.type) && statement.importKind !== "type" && statement.declare !== true;
}
