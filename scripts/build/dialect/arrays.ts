/** Arrays and arguments: members and methods that Espruino has elsewhere, or counts otherwise. */
import type * as acorn from "acorn";
import type { Script } from "../ast/parsed-script.ts";
import { type AnyNode, isFunction, memberName, walk } from "../ast/walk.ts";
import { isMethodCall, type Kinds, kindsIn } from "./kinds.ts";
import type { DialectRule } from "./rules.ts";
import type { Finding } from "./syntax.ts";

export const ARRAY_RULES: DialectRule[] = [
  {
    id: "prototype-method",
    example: "Array.prototype.slice.call([1, 2, 3], 1).length",
    happens:
      "throws Error: Can't read property 'call' of undefined: the methods of built-in types are not on their prototypes",
    instead: '[].slice.call(…), or "".trim.call(…)',
    better: "[].slice.call([1, 2, 3], 1).length",
  },
  {
    id: "arguments-length",
    example: "(function (a, b) { return arguments.length < 2; })(1)",
    happens: "gives false: an argument that was declared counts, also where none was given",
    instead: "test the argument itself for undefined",
    better: "(function (a, b) { return b === undefined; })(1)",
  },
  {
    id: "unstable-sort",
    example: '[{ k: 1, n: "a" }, { k: 1, n: "b" }, { k: 0, n: "c" }].sort(function (a, b) { return a.k - b.k; })[1].n',
    happens: 'gives "b": items that compare as equal change places',
    instead: "a second comparison for equal items: a.k - b.k || a.timeMs - b.timeMs",
    better:
      '[{ k: 1, n: "a", i: 0 }, { k: 1, n: "b", i: 1 }, { k: 0, n: "c", i: 2 }].sort(function (a, b) { return a.k - b.k || a.i - b.i; })[1].n',
  },
];

const BUILT_IN =
  /^(Array|Date|Function|Number|Promise|RegExp|String|U?[Ii]nt\d+(Clamped)?Array|Float\d+Array|ArrayBuffer|DataView)$/;

/** What goes wrong with arrays and arguments. */
export function findArrayTrouble(script: Script): Finding[] {
  const kinds = kindsIn(script);
  const findings: Finding[] = [];
  const lists = listMembers(script.program as AnyNode, kinds);
  walk(script.program, (node, path) => {
    const parent = path[path.length - 1];
    if (node.type === "MemberExpression" && isPrototypeMethod(node, parent, kinds)) {
      findings.push({
        id: "prototype-method",
        node,
        what: `${memberName(node)} of a built-in prototype, which is not there`,
      });
    }
    if (node.type === "MemberExpression" && memberName(node) === "length" && isDeclaredArguments(node, path, kinds)) {
      findings.push({
        id: "arguments-length",
        node,
        what: "a test of arguments.length, which counts declared arguments that were not given",
      });
    }
    if (
      isMethodCall(node, /^sort$/) &&
      node.arguments[0] !== undefined &&
      comparesMembers(kinds.sourceOf(node.arguments[0]))
    ) {
      findings.push({
        id: "unstable-sort",
        node,
        what: "sort() by one member: equal items may change places",
        unsure: true,
      });
    }
    if (node.type === "AssignmentExpression" && cutsList(node, lists)) {
      findings.push({ id: "array-length", node, what: "assignment to an array's length" });
    }
  });
  return findings;
}

function isPrototypeMethod(node: acorn.MemberExpression, parent: AnyNode, kinds: Kinds): boolean {
  const { object } = node;
  if (memberName(node) === "" || object.type !== "MemberExpression" || memberName(object) !== "prototype") return false;
  if (object.object.type !== "Identifier" || !BUILT_IN.test(object.object.name)) return false;
  const isSet = parent.type === "AssignmentExpression" && parent.left === node;
  return !isSet && kinds.isGlobal(object.object, object.object.name);
}

/** Whether the number of arguments decides something that only fewer than the declared ones would change. */
function isDeclaredArguments(member: acorn.MemberExpression, path: AnyNode[], kinds: Kinds): boolean {
  if (!kinds.isGlobal(member.object, "arguments")) return false;
  const around = path.findLast((one) => isFunction(one) && one.type !== "ArrowFunctionExpression");
  const declared = around !== undefined && isFunction(around) ? around.params.length : 0;
  const test = path[path.length - 1];
  if (test.type !== "BinaryExpression") {
    return declared > 0 && /^(IfStatement|ConditionalExpression|SwitchStatement|UnaryExpression)$/.test(test.type);
  }
  const isLeft = test.left === member;
  const bound = isLeft ? test.right : test.left;
  if (bound.type !== "Literal" || typeof bound.value !== "number") return false;
  // `> n` and `<= n` change between n and n + 1 arguments, `>= n` and `< n` between n - 1 and n.
  if ((isLeft ? /^(>|<=)$/ : /^(<|>=)$/).test(test.operator)) return bound.value < declared;
  return /^([<>]=?|[!=]==?)$/.test(test.operator) && bound.value <= declared;
}

/** Whether a comparison is the difference of one member of two items, so that equal ones keep no order. */
function comparesMembers(compare: AnyNode): boolean {
  if (!isFunction(compare)) return false;
  const [only] = compare.body.type === "BlockStatement" ? compare.body.body : [compare.body];
  const value = only?.type === "ReturnStatement" ? only.argument : only;
  if (value?.type !== "BinaryExpression" || value.operator !== "-") return false;
  return value.left.type === "MemberExpression" && value.right.type === "MemberExpression";
}

/** Names of members that the program sets to a list: `{ a: [] }`, `this.a = []`. */
function listMembers(program: AnyNode, kinds: Kinds): Set<string> {
  const lists = new Set<string>();
  walk(program, (node) => {
    const value =
      node.type === "AssignmentExpression"
        ? node.right
        : node.type === "Property" || node.type === "PropertyDefinition"
          ? node.value
          : null;
    if (value && kinds.kindOf(value as AnyNode) === "list")
      lists.add(memberName(node.type === "AssignmentExpression" ? node.left : node));
  });
  return lists;
}

/** Whether `….name.length = …` is assigned to, of a member that is a list. */
function cutsList({ left }: acorn.AssignmentExpression, lists: Set<string>): boolean {
  if (left.type !== "MemberExpression" || memberName(left) !== "length" || left.object.type !== "MemberExpression")
    return false;
  const name = memberName(left.object);
  return name !== "" && lists.has(name);
}
