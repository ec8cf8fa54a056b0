import { childrenOf, isFunction, type Node } from "../ast/scopes.ts";
import { MISSING_METHODS, regexTrouble, STATIC_MEMBERS } from "./library.ts";

/** A place that a rule objects to; `what` says more than the rule's id. */
export interface Finding {
  id: string;
  node: Node;
  what: string;
}

const BY_TYPE: { [type: string]: (node: Node, parent: Node) => [id: string, what: string] | undefined } = {
  ObjectPattern: () => ["destructuring", "destructuring"],
  ArrayPattern: () => ["destructuring", "destructuring"],
  SpreadElement: () => ["spread", "spread"],
  RestElement: () => ["rest", "a rest argument"],
  AssignmentPattern: (_, parent) => (isFunction(parent) ? ["default-argument", "a default argument"] : undefined),
  ChainExpression: () => ["optional-chain", "?."],
  AssignmentExpression: (node) => {
    if (/^(\?\?|\|\||&&)=$/.test(node.operator)) return ["logical-assignment", node.operator];
    if (node.operator === "**=") return ["exponent", "**="];
    return undefined;
  },
  BinaryExpression: (node) => (node.operator === "**" ? ["exponent", "**"] : undefined),
  Property: (node) => (node.computed ? ["computed-key", "a computed key"] : undefined),
  PropertyDefinition: (node) => (node.computed ? ["computed-key", "a computed key"] : undefined),
  MethodDefinition: (node) => {
    if (node.computed) return ["computed-key", "a computed key"];
    return node.key.name === "static" ? ["method-name", "a method called static"] : undefined;
  },
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
    const at = node.cases.findIndex((one: Node) => one.test === null);
    return at >= 0 && at < node.cases.length - 1 ? ["switch-default", "a case after default"] : undefined;
  },
  Literal: (node) => {
    if (node.bigint) return ["bigint", "a bigint"];
    if (node.regex) {
      const trouble = regexTrouble(node.regex.pattern, node.regex.flags);
      return trouble === "" ? undefined : ["regex", `a regular expression with ${trouble}`];
    }
    return /\\u\{/.test(node.raw ?? "") ? ["unicode-escape", "\\u{…}"] : undefined;
  },
  TemplateElement: (node) => (/\\u\{/.test(node.value.raw) ? ["unicode-escape", "\\u{…}"] : undefined),
  ClassDeclaration: extendsKind,
  ClassExpression: extendsKind,
};

function functionKind(node: Node): [string, string] | undefined {
  if (node.async) return ["async", "an async function"];
  return node.generator ? ["generator", "a generator"] : undefined;
}

function extendsKind(node: Node): [string, string] | undefined {
  const name = node.superClass?.name ?? "";
  return /^(Error|Array|Promise|RegExp|Date|\w+Error|\w+Array)$/.test(name)
    ? ["extends-builtin", `a class that extends ${name}`]
    : undefined;
}

/** What single nodes give away, without knowing what names mean. */
export function findSyntax(program: Node, code: string): Finding[] {
  const findings: Finding[] = [];
  const ownMembers = new Set<string>();
  const visit = (node: Node, parent: Node): void => {
    const found = BY_TYPE[node.type]?.(node, parent);
    if (found !== undefined) findings.push({ id: found[0], node: node, what: found[1] });
    if (node.type === "Literal" && node.regex && /\)\s*$/.test(code.slice(Math.max(0, node.start - 20), node.start))) {
      findings.push({ id: "regex-after-paren", node: node, what: "a regular expression right after )" });
    }
    if (/^(Property|MethodDefinition|PropertyDefinition)$/.test(node.type) && !node.computed)
      ownMembers.add(node.key.name);
    if (node.type === "AssignmentExpression" && node.left.type === "MemberExpression") {
      ownMembers.add(node.left.property.name);
    }
    if (node.type === "Identifier" && code.slice(node.start, node.end) !== node.name) {
      findings.push({ id: "unicode-name", node: node, what: `the name ${code.slice(node.start, node.end)}` });
    } else if (node.type === "Identifier" && /[^\x20-\x7e]/.test(node.name)) {
      findings.push({ id: "unicode-name", node: node, what: `the name ${node.name}` });
    }
    for (const child of childrenOf(node)) visit(child, node);
  };
  visit(program, program);
  return findings.concat(findMissingMethods(program, ownMembers));
}

/** Calls of methods that no type of Espruino's has, unless the program has a member of that name itself. */
function findMissingMethods(program: Node, ownMembers: Set<string>): Finding[] {
  const findings: Finding[] = [];
  const visit = (node: Node): void => {
    if (node.type === "CallExpression" && node.callee.type === "MemberExpression" && !node.callee.computed) {
      const name = node.callee.property.name;
      const onBuiltIn = STATIC_MEMBERS[node.callee.object.name] !== undefined;
      if (MISSING_METHODS.has(name) && !ownMembers.has(name) && !onBuiltIn) {
        findings.push({ id: "missing-method", node: node.callee.property, what: `.${name}()` });
      }
    }
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program);
  return findings;
}
