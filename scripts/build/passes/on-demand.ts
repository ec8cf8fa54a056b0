import type * as acorn from "acorn";
import { isCalled } from "../ast/calls.ts";
import type { Piece, Script } from "../ast/parsed-script.ts";
import type { Binding, Reference } from "../ast/scopes.ts";
import { type AnyNode, contains, isFunction, isKey, memberName, walk } from "../ast/walk.ts";
import { BundleError, type Problem } from "../problems.ts";
import { findStart } from "./start-only.ts";

/** The first statement of a function that is made of others which are there only while it is needed. */
export const ON_DEMAND = "on demand";

/**
 * Puts the functions at the top of a script that only functions marked "on demand" need into these, at their beginning: Espruino
 * makes them when the marked function is called, and lets them go when nothing holds what it returned. At the top each keeps some
 * seven JsVars for ever. Their code stays in flash. The price is time at each call, and flash where several hold a copy.
 *
 * - What several marked functions need is copied into each. What the start needs as well stays at the top for it, until
 *   start-only.ts deletes it.
 * - A marked function lies in the innermost marked one around all that need it, and uses what that one holds; else at the top.
 * - Variables stay at the top: there is one of each.
 *
 * Throws `BundleError` for a mark in any other place, misspelt ones too, and for a marked function that calls itself: it would
 * make its functions anew each time, while the others are held. What one costs that a loop calls, `npm run bench -- interpreter`
 * tells.
 */
export function nestOnDemand(script: Script): Script {
  const top = readTop(script);
  const problems = findProblems(script, top);
  if (problems.length > 0) throw new BundleError(problems);
  if (top.roots.length === 0) return script;

  const kept = reach(top.outside, top);
  const resident = findResident(script, top, kept);
  const homes = findHomes(top, kept);
  const atTop = rootsIn(undefined, homes).map((root) => hold(root, resident, homes, top));
  const edits = atTop.flatMap((one) => editsOf(one, script, top));
  for (const made of new Set(atTop.flatMap(contentsOf))) {
    if (!kept.has(made)) edits.push({ start: made.start, end: made.end, pieces: [] });
  }
  return script.rearranged(withEdits({ start: 0, end: script.code.length }, edits));
}

/** A function declaration at the top of the script. */
type TopFunction = acorn.FunctionDeclaration;

interface Top {
  bindings: Map<Binding, TopFunction>;
  /** The functions marked "on demand", in the order of the source. */
  roots: TopFunction[];
  /** The uses in each function of names that it doesn't declare. */
  freeUses: Map<TopFunction, Reference[]>;
  /** The functions at the top that each function names. */
  needs: Map<TopFunction, TopFunction[]>;
  /** The functions that the statements at the top name, and the stateful ones. */
  outside: TopFunction[];
  /** Functions that are more than code: the program writes to their names or uses members. There is one of each. */
  stateful: Set<TopFunction>;
}

function readTop({ program, references }: Script): Top {
  const bindings = new Map<Binding, TopFunction>();
  const freeUses = new Map<TopFunction, Reference[]>();
  for (const one of program.body) if (one.type === "FunctionDeclaration") freeUses.set(one, []);
  for (const { binding } of references) {
    const made = binding?.node as TopFunction | undefined;
    if (binding !== undefined && made !== undefined && freeUses.has(made)) bindings.set(binding, made);
  }
  const outside: TopFunction[] = [];
  const stateful = new Set<TopFunction>();
  const needs = new Map([...freeUses.keys()].map((made): [TopFunction, TopFunction[]] => [made, []]));
  for (const use of references) {
    const around = use.path[1] as TopFunction;
    if (use.binding === undefined || use.binding.owner === program) freeUses.get(around)?.push(use);
    const made = use.binding && bindings.get(use.binding);
    if (made === undefined) continue;
    needs.get(around)?.push(made);
    if (isMoreThanCode(use)) stateful.add(made);
    if (!needs.has(around) || isMoreThanCode(use)) outside.push(made);
  }
  return { bindings, roots: [...needs.keys()].filter((made) => markOf(made)), freeUses, needs, outside, stateful };
}

/** The directive that marks a function. */
export function markOf({ body }: { body: AnyNode }): acorn.ExpressionStatement | undefined {
  const first = body.type === "BlockStatement" ? body.body[0] : undefined;
  return first?.type === "ExpressionStatement" && first.directive === ON_DEMAND ? first : undefined;
}

/** Whether a use makes a variable or an object of a function: a copy would be another one. */
function isMoreThanCode({ node, path }: Reference): boolean {
  const parent = path[path.length - 1];
  if (parent.type === "AssignmentExpression") return parent.left === node;
  return (
    parent.type === "MemberExpression" && parent.object === node && !/^(call|apply|bind)$/.test(memberName(parent))
  );
}

/** These functions and all that they name, directly or through others. What a marked one names is its own affair. */
function reach(from: TopFunction[], { roots, needs }: Top): Set<TopFunction> {
  const found = new Set(from);
  for (const made of found) {
    if (!roots.includes(made)) for (const one of needs.get(made) ?? []) found.add(one);
  }
  return found;
}

/** Of the functions that are kept at the top, those that are still there after the start. */
function findResident(script: Script, top: Top, kept: Set<TopFunction>): Set<TopFunction> {
  const counts = ({ path }: Reference) => {
    const around = path[1] as TopFunction;
    return !top.needs.has(around) || (kept.has(around) && !top.roots.includes(around));
  };
  const uses = new Map([...script.uses].map(([binding, list]) => [binding, list.filter(counts)]));
  const { functions } = findStart({ program: script.program, uses });
  const stays = (made: TopFunction) => top.roots.includes(made) || top.stateful.has(made) || !functions.has(made);
  return new Set([...kept].filter(stays));
}

/** The marked function in which each marked function lies; undefined for those at the top. */
function findHomes(top: Top, kept: Set<TopFunction>): Map<TopFunction, TopFunction | undefined> {
  const users = new Map<TopFunction, TopFunction[]>();
  for (const root of top.roots) {
    const named = reach(top.needs.get(root) ?? [], top);
    for (const one of named) if (one !== root) users.set(one, [...(users.get(one) ?? []), root]);
  }
  // All marked functions that every way to a marked function leads through, itself the last: those that are open to it as homes.
  const onEveryWay = new Map(top.roots.map((root) => [root, new Set(top.roots)]));
  for (const root of top.roots) if (kept.has(root) || !users.has(root)) onEveryWay.set(root, new Set([root]));
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (const [root, before] of onEveryWay) {
      const ways = (users.get(root) ?? []).map((user) => onEveryWay.get(user) as Set<TopFunction>);
      const after = [...before].filter((one) => one === root || ways.every((way) => way.has(one)));
      if (after.length === before.size) continue;
      onEveryWay.set(root, new Set(after));
      hasChanged = true;
    }
  }
  const homes = new Map<TopFunction, TopFunction | undefined>();
  for (const [root, all] of onEveryWay) {
    const depthOf = (one: TopFunction) => onEveryWay.get(one)?.size ?? 0;
    const [home] = [...all].filter((one) => one !== root).sort((a, b) => depthOf(b) - depthOf(a));
    homes.set(root, home);
  }
  return homes;
}

function rootsIn(home: TopFunction | undefined, homes: Map<TopFunction, TopFunction | undefined>): TopFunction[] {
  return [...homes].filter(([, one]) => one === home).map(([root]) => root);
}

/** A marked function and what it holds in the bundle. */
interface Holder {
  root: TopFunction;
  functions: TopFunction[];
  roots: Holder[];
}

/** `around`: the functions that stand around the root, and need no copy in it. */
function hold(
  root: TopFunction,
  around: Set<TopFunction>,
  homes: Map<TopFunction, TopFunction | undefined>,
  top: Top,
): Holder {
  const needed = [...reach(top.needs.get(root) ?? [], top)].filter((made) => !top.roots.includes(made));
  const functions = needed.filter((made) => !around.has(made)).sort((a, b) => a.start - b.start);
  const within = new Set([...around, ...functions]);
  return { root, functions, roots: rootsIn(root, homes).map((one) => hold(one, within, homes, top)) };
}

/** All functions that lie in a marked one, at any depth. */
function contentsOf({ functions, roots }: Holder): TopFunction[] {
  return functions.concat(roots.flatMap((one) => [one.root, ...contentsOf(one)]));
}

/** Other pieces in place of a stretch of the script. */
interface Edit {
  start: number;
  end: number;
  pieces: Piece[];
}

/** Puts what a marked function holds in the place of its mark, and gives its variables that would hide a name there others. */
function editsOf(holder: Holder, script: Script, top: Top): Edit[] {
  const { start, end } = markOf(holder.root) as acorn.ExpressionStatement;
  const pieces: Piece[] = [];
  for (const made of holder.functions) pieces.push({ start: made.start, end: made.end }, "\n");
  for (const one of holder.roots) pieces.push(...withEdits(one.root, editsOf(one, script, top)), "\n");
  const names = new Set<string>();
  for (const made of contentsOf(holder)) {
    names.add(made.id.name);
    for (const use of top.freeUses.get(made) ?? []) names.add(use.node.name);
  }
  return [{ start, end, pieces }, ...renamed(holder.root, names, script)];
}

/** A stretch of the script with edits, none of which overlaps another. */
function withEdits({ start, end }: { start: number; end: number }, edits: Edit[]): Piece[] {
  const pieces: Piece[] = [];
  let at = start;
  for (const edit of edits.sort((a, b) => a.start - b.start)) {
    pieces.push({ start: at, end: edit.start }, ...edit.pieces);
    at = edit.end;
  }
  pieces.push({ start: at, end });
  return pieces;
}

/** Gives a function's own variables and parameters that have one of `names` other names. */
function renamed(owner: TopFunction, names: Set<string>, script: Script): Edit[] {
  const bindings = new Map<AnyNode, Binding | undefined>();
  for (const { node, binding } of script.references) if (contains(owner, node)) bindings.set(node, binding);
  const edits: Edit[] = [];
  walk(owner, (node, path) => {
    if (node.type !== "Identifier" || !names.has(node.name)) return;
    const parent = path[path.length - 1];
    if (parent === undefined || isKey(node, parent)) return;
    const declaredIn = bindings.has(node) ? bindings.get(node)?.owner : declarer(node, path);
    if (declaredIn !== owner) return;
    const key = parent.type === "Property" && parent.shorthand ? `${node.name}:` : "";
    edits.push({ start: node.start, end: node.end, pieces: [key + freshName(node.name, script.code)] });
  });
  return edits;
}

/** The function around a name that stands where it is declared. */
function declarer(id: AnyNode, path: AnyNode[]): AnyNode | undefined {
  const parent = path[path.length - 1];
  const isOwnName = parent.type === "FunctionDeclaration" && parent.id === id;
  return (isOwnName ? path.slice(0, -1) : path).findLast(isFunction);
}

function freshName(name: string, code: string): string {
  let count = 2;
  while (code.includes(`${name}_${count}`)) count++;
  return `${name}_${count}`;
}

function findProblems(script: Script, top: Top): Problem[] {
  const problems: Problem[] = [];
  const refuse = (node: AnyNode, text: string, instead: string) => {
    const { file = "", line = 0, column = -1 } = script.placeOf(node.start) ?? {};
    problems.push({ file, line, column: column + 1, text, instead });
  };
  walk(script.program, (node, path) => {
    if (isIdleText(node) && markOf({ body: path[path.length - 1] }) !== node) {
      refuse(
        node,
        "a text by itself does nothing",
        `"${ON_DEMAND}"; as the first statement of a function, or leave it out`,
      );
    }
    if (!isFunction(node) || top.needs.has(node as TopFunction)) return;
    const mark = markOf(node);
    if (mark)
      refuse(mark, `"${ON_DEMAND}" in a function that is no declaration at the top of a file`, "declare it there");
  });
  for (const [binding, root] of top.bindings) {
    if (!top.roots.includes(root)) continue;
    for (const use of (script.uses.get(binding) ?? []).filter(isCalled)) {
      if (!calls(root, use.path[1], top)) continue;
      const text = `${root.id.name} makes its functions anew at each call ("${ON_DEMAND}"), and calls itself`;
      refuse(use.node, text, "a function inside it that does");
    }
  }
  return problems;
}

/** A statement that is nothing but a text, such as a mark that is misspelt or not the first statement. */
function isIdleText(node: AnyNode): boolean {
  if (node.type !== "ExpressionStatement" || node.directive === "use strict") return false;
  const { expression } = node;
  return (
    expression.type === "TemplateLiteral" || (expression.type === "Literal" && typeof expression.value === "string")
  );
}

/** Whether a function calls another one, directly or through functions at the top, or is that one. */
function calls(from: TopFunction, to: AnyNode, top: Top): boolean {
  const found = new Set([from]);
  for (const made of found) {
    if (made === to) return true;
    for (const use of (top.freeUses.get(made) ?? []).filter(isCalled)) {
      const called = use.binding && top.bindings.get(use.binding);
      if (called) found.add(called);
    }
  }
  return false;
}
