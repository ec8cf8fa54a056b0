import type * as acorn from "acorn";
import type { Script } from "../ast/parsed-script.ts";
import type { Binding, Reference } from "../ast/scopes.ts";
import { type AnyNode, isFunction, memberName } from "../ast/walk.ts";

/** What an expression certainly is; "" where its text doesn't tell. `bytes` is any typed array, `object` an object literal. */
export type Kind = "text" | "number" | "list" | "bytes" | "regex" | "function" | "object" | "date" | "";

/** What the names of a script stand for. */
export interface Kinds {
  kindOf(node: AnyNode): Kind;
  /** The expression itself; for a variable that is set once, what it is set to. */
  sourceOf(node: AnyNode): AnyNode;
  /** Undefined for globals and for what is no name. */
  bindingOf(node: AnyNode): Binding | undefined;
  /** The uses of a declared name. */
  usesOf(declared: AnyNode): Reference[];
  /** Whether the node is a global of that name, which the program doesn't declare. */
  isGlobal(node: AnyNode, name: string): boolean;
  /** Whether two expressions name the same variable, or the same members of one (`a.b`, `this.b`). */
  isSame(one: AnyNode, other: AnyNode): boolean;
}

const KIND_OF_METHOD = new Map<string, Kind>([
  ...kindsOfMethods("text", "substr substring trim toFixed toUpperCase toLowerCase padStart padEnd repeat charAt"),
  ...kindsOfMethods("text", "replace replaceAll join toISOString stringify fromCharCode"),
  ...kindsOfMethods("number", "charCodeAt indexOf lastIndexOf getTime"),
  ...kindsOfMethods("list", "split"),
]);

const KIND_OF_GLOBAL = new Map<string, Kind>([
  ...kindsOfMethods("text", "String encodeURIComponent decodeURIComponent btoa atob"),
  ...kindsOfMethods("number", "Number parseInt parseFloat getTime"),
  ...kindsOfMethods("regex", "RegExp"),
]);

const known = new WeakMap<Script, Kinds>();

/** What the names of a script stand for; it is read once for all rules. */
export function kindsIn(script: Script): Kinds {
  const kinds = known.get(script) ?? readKinds(script);
  known.set(script, kinds);
  return kinds;
}

function readKinds(script: Script): Kinds {
  const bindings = new Map<AnyNode, Binding | undefined>(script.references.map((use) => [use.node, use.binding]));
  const changed = new Set<Binding | undefined>(script.references.filter(isChange).map((use) => use.binding));
  const asked = new Set<AnyNode>();
  const byDeclaration = new Map<AnyNode, Reference[]>();
  for (const [binding, uses] of script.uses) byDeclaration.set(binding.node, uses);
  return { kindOf, sourceOf, bindingOf, usesOf, isGlobal, isSame };

  function bindingOf(node: AnyNode): Binding | undefined {
    return bindings.get(node);
  }

  function usesOf(declared: AnyNode): Reference[] {
    return byDeclaration.get(declared) ?? [];
  }

  function isGlobal(node: AnyNode, name: string): boolean {
    return node.type === "Identifier" && node.name === name && bindingOf(node) === undefined;
  }

  function sourceOf(node: AnyNode): AnyNode {
    let source = node;
    // A variable may be set to itself: `var a = b; var b = a;`.
    for (const seen = new Set<AnyNode>(); !seen.has(source); ) {
      seen.add(source);
      const binding = bindingOf(source);
      if (binding === undefined || changed.has(binding) || binding.loop !== undefined) return source;
      source = binding.value ?? binding.init ?? source;
    }
    return source;
  }

  function isSame(one: AnyNode, other: AnyNode): boolean {
    if (one.type === "ThisExpression") return other.type === "ThisExpression";
    if (one.type === "Identifier" && other.type === "Identifier") {
      return one.name === other.name && bindingOf(one) === bindingOf(other);
    }
    if (one.type !== "MemberExpression" || other.type !== "MemberExpression") return false;
    return memberName(one) !== "" && memberName(one) === memberName(other) && isSame(one.object, other.object);
  }

  function kindOf(given: AnyNode): Kind {
    const node = sourceOf(given);
    // As in `var n = n + 1`.
    if (asked.has(node)) return "";
    asked.add(node);
    const kind = kindOfSource(node);
    asked.delete(node);
    return kind;
  }

  function kindOfSource(node: AnyNode): Kind {
    if (isFunction(node)) return "function";
    switch (node.type) {
      case "TemplateLiteral":
        return "text";
      case "ArrayExpression":
        return "list";
      case "ObjectExpression":
        return "object";
      case "Literal":
        return node.regex ? "regex" : kindOfValue(node.value);
      case "NewExpression":
        return kindOfNew(node);
      case "CallExpression":
        return kindOfCall(node);
      case "MemberExpression":
        return kindOfMember(node);
      case "UpdateExpression":
        return "number";
      case "UnaryExpression":
        return /^[-+~]$/.test(node.operator) ? "number" : "";
      case "BinaryExpression":
        return kindOfBinary(node);
      case "ConditionalExpression": {
        const kind = kindOf(node.consequent);
        return kindOf(node.alternate) === kind ? kind : "";
      }
      default:
        return "";
    }
  }

  function kindOfCall({ callee }: acorn.CallExpression): Kind {
    if (callee.type === "Identifier") {
      return (bindingOf(callee) === undefined && KIND_OF_GLOBAL.get(callee.name)) || "";
    }
    if (callee.type !== "MemberExpression") return "";
    const { object } = callee;
    if (isGlobal(object, "Math") || isGlobal(object, "Date")) return "number";
    const name = memberName(callee);
    return name === "slice" || name === "subarray" ? kindOf(object) : (KIND_OF_METHOD.get(name) ?? "");
  }

  function kindOfMember(node: acorn.MemberExpression): Kind {
    if (!node.computed) return memberName(node) === "length" ? "number" : "";
    const kind = kindOf(node.object);
    if (kind === "text" || isSplit(sourceOf(node.object))) return "text";
    return kind === "bytes" ? "number" : "";
  }

  function kindOfBinary({ operator, left, right }: acorn.BinaryExpression): Kind {
    if (operator !== "+") return /^([-*/%&|^]|\*\*|<<|>>>?)$/.test(operator) ? "number" : "";
    const kinds = left.type === "PrivateIdentifier" ? [] : [kindOf(left), kindOf(right)];
    if (kinds.includes("text")) return "text";
    return kinds.length > 0 && kinds.every((kind) => kind === "number") ? "number" : "";
  }
}

/** Whether a node is a call of `….split(…)`. */
export function isSplit(node: AnyNode): boolean {
  return isMethodCall(node, /^split$/);
}

/** Whether a node calls a method whose name matches. */
export function isMethodCall(
  node: AnyNode,
  names: RegExp,
): node is acorn.CallExpression & { callee: acorn.MemberExpression } {
  return (
    node.type === "CallExpression" && node.callee.type === "MemberExpression" && names.test(memberName(node.callee))
  );
}

function isChange({ node, path }: Reference): boolean {
  const parent = path[path.length - 1];
  if (parent.type === "AssignmentExpression") return parent.left === node;
  if (parent.type === "ForInStatement" || parent.type === "ForOfStatement") return parent.left === node;
  return parent.type === "UpdateExpression";
}

function kindOfNew({ callee }: acorn.NewExpression): Kind {
  const name = callee.type === "Identifier" ? callee.name : "";
  if (/^(Uint|Int|Float)\d+(Clamped)?Array$/.test(name)) return "bytes";
  return name === "Date" ? "date" : name === "Array" ? "list" : name === "RegExp" ? "regex" : "";
}

function kindOfValue(value: unknown): Kind {
  return typeof value === "string" ? "text" : typeof value === "number" ? "number" : "";
}

function kindsOfMethods(kind: Kind, names: string): [string, Kind][] {
  return names.split(" ").map((name) => [name, kind]);
}
