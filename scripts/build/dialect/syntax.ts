import type * as acorn from "acorn";
import type { Script } from "../ast/parsed-script.ts";
import { type AnyNode, type FunctionNode, isFunction, memberName, walk } from "../ast/walk.ts";
import { MISSING_METHODS, STATIC_MEMBERS } from "./library.ts";

/** A place that a rule objects to. */
export interface Finding {
  /** The rule's. */
  id: string;
  node: AnyNode;
  /** What stands there, in words for the error message. */
  what: string;
  /** Only the data tells whether it goes wrong: the build warns. */
  unsure?: boolean;
}

type Objection = [id: string, what: string] | undefined;
type NodeOf<Type extends AnyNode["type"]> = Extract<AnyNode, { type: Type }>;

/** What a node gives away alone, by its type. */
const BY_TYPE: { [Type in AnyNode["type"]]?: (node: NodeOf<Type>, parent: AnyNode) => Objection } = {
  ObjectPattern: () => ["destructuring", "destructuring"],
  ArrayPattern: () => ["destructuring", "destructuring"],
  SpreadElement: () => ["spread", "spread"],
  RestElement: () => ["rest", "a rest argument"],
  AssignmentPattern: (_, parent) => (isFunction(parent) ? ["default-argument", "a default argument"] : undefined),
  ChainExpression: () => ["optional-chain", "?."],
  AssignmentExpression: (node) => {
    if (/^(\?\?|\|\||&&)=$/.test(node.operator)) return ["logical-assignment", node.operator];
    return node.operator === "**=" ? ["exponent", "**="] : undefined;
  },
  BinaryExpression: (node) => (node.operator === "**" ? ["exponent", "**"] : undefined),
  Property: computedKey,
  PropertyDefinition: computedKey,
  MethodDefinition: computedKey,
  FunctionDeclaration: functionKind,
  FunctionExpression: functionKind,
  ArrowFunctionExpression: functionKind,
  AwaitExpression: () => ["async", "await"],
  LabeledStatement: (node) => ["label", `label ${node.label.name}`],
  PrivateIdentifier: () => ["private-member", "a private member"],
  StaticBlock: () => ["static-block", "a static block"],
  MetaProperty: () => ["new-target", "new.target"],
  TaggedTemplateExpression: () => ["tagged-template", "a tagged template"],
  WithStatement: () => ["with", "with"],
  SwitchStatement: (node) => {
    const at = node.cases.findIndex((one) => one.test === null);
    return at >= 0 && at < node.cases.length - 1 ? ["switch-default", "a case after default"] : undefined;
  },
  Literal: (node) => {
    if (node.bigint) return ["bigint", "a bigint"];
    return /\\u\{/.test(node.raw ?? "") ? ["unicode-escape", "\\u{…}"] : undefined;
  },
  TemplateElement: (node) => (/\\u\{/.test(node.value.raw) ? ["unicode-escape", "\\u{…}"] : undefined),
  ClassDeclaration: extendsKind,
  ClassExpression: extendsKind,
};

function computedKey(node: { computed: boolean }): Objection {
  return node.computed ? ["computed-key", "a computed key"] : undefined;
}

function functionKind(node: FunctionNode): Objection {
  if (node.async) return ["async", "an async function"];
  return node.generator ? ["generator", "a generator"] : undefined;
}

function extendsKind({ superClass }: acorn.Class): Objection {
  const name = superClass?.type === "Identifier" ? superClass.name : "";
  return /^(Error|Array|Promise|RegExp|Date|\w+Error|\w+Array)$/.test(name)
    ? ["extends-builtin", `a class that extends ${name}`]
    : undefined;
}

/** What can be found without knowing what names stand for. */
export function findSyntax({ code, program }: Script): Finding[] {
  const findings: Finding[] = [];
  const ownMembers = new Set<string>();
  const calls: acorn.MemberExpression[] = [];
  walk(program, (node, path) => {
    const parent = path[path.length - 1];
    // The table's own types tell that each function gets its type of node; TypeScript can't follow that.
    const found = (BY_TYPE[node.type] as ((node: AnyNode, parent: AnyNode) => Objection) | undefined)?.(node, parent);
    if (found !== undefined) findings.push({ id: found[0], node, what: found[1] });
    if (node.type === "Literal" && node.regex && /\)\s*$/.test(code.slice(Math.max(0, node.start - 20), node.start))) {
      findings.push({ id: "regex-after-paren", node, what: "a regular expression right after )" });
    }
    if (node.type === "Identifier") {
      const written = code.slice(node.start, node.end);
      if (written !== node.name || /[^\x20-\x7e]/.test(written)) {
        findings.push({ id: "unicode-name", node, what: `the name ${written}` });
      }
    }
    const isAssigned = node.type === "AssignmentExpression" && node.left.type === "MemberExpression";
    if (isAssigned) ownMembers.add(memberName(node.left));
    else if (node.type !== "MemberExpression") ownMembers.add(memberName(node));
    if (node.type === "CallExpression" && node.callee.type === "MemberExpression") calls.push(node.callee);
  });
  return findings.concat(findMissingMethods(calls, ownMembers));
}

/** Calls of methods that no type of Espruino's has, unless the program has a member of that name itself. */
function findMissingMethods(callees: acorn.MemberExpression[], ownMembers: Set<string>): Finding[] {
  return callees.flatMap((callee) => {
    const name = memberName(callee);
    const { object, property } = callee;
    const isOnBuiltIn = object.type === "Identifier" && STATIC_MEMBERS[object.name] !== undefined;
    if (!MISSING_METHODS.has(name) || ownMembers.has(name) || isOnBuiltIn) return [];
    return [{ id: "missing-method", node: property, what: `.${name}()` }];
  });
}
