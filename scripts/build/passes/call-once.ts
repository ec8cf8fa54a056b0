import MagicString from "magic-string";
import { isCalled, isCalledAtOnce } from "../ast/calls.ts";
import type { Script } from "../ast/parsed-script.ts";
import type { Binding, Reference } from "../ast/scopes.ts";
import { type AnyNode, contains, type FunctionNode, isFunction, isLoop, namesIn, walk } from "../ast/walk.ts";
import { busyFunctions } from "./busy.ts";
import { findStart } from "./start-only.ts";

/**
 * Moves a function that is called in one place into that place, as `(function(){…})()`. Espruino then makes it when it gets
 * there and lets it go afterwards, where a named one keeps six or seven JsVars for ever. The price: the interpreter skips over
 * its text each time the caller runs, so nothing is moved into loops, nor into what loops call.
 *
 * Names must be as they were written: the short ones of a minifier would often be hidden in the new place.
 */
export function inlineCalledOnce(script: Script): Script {
  let before = script;
  // A function inside another one that moves takes a round of its own.
  for (let round = 0; round < 6; round++) {
    const after = inlineRound(before);
    if (after === before) break;
    before = after;
  }
  return before;
}

/** A function that is called in one place. */
interface Place {
  made: FunctionNode;
  /** The statement that makes the function and nothing else. */
  declaration: AnyNode;
  /** The name in the call. */
  callee: AnyNode;
}

function inlineRound(script: Script): Script {
  const busy = busyFunctions(script);
  const start = findStart(script).functions;
  const declarations = declarationsIn(script.program);
  const namesOf = remember(namesDeclaredIn);
  const places: Place[] = [];
  for (const [binding, uses] of script.uses) {
    const made = binding.value;
    const caller = uses.length === 1 && made !== undefined ? callerOf(made, uses[0]) : undefined;
    if (made === undefined || caller === undefined || !isMovable(binding, made, script.code)) continue;
    // What only the start calls is deleted anyway (start-only.ts).
    if (busy.has(caller) || start.has(made)) continue;
    const declaration = declarations.get(made);
    if (declaration === undefined || isHidden({ binding, made, use: uses[0] }, script.references, namesOf)) continue;
    places.push({ made, declaration, callee: uses[0].node });
  }

  const edits = new MagicString(script.code);
  for (const place of places) {
    // What lies in a function that moves itself waits for the next round.
    const waits = places.some((other) => {
      return other !== place && (contains(other.made, place.callee) || contains(other.made, place.declaration));
    });
    if (!waits) move(place, edits);
  }
  return script.edited(edits);
}

/** Moves a function to its call, as an expression without a name, and leaves ";" in place of its declaration. */
function move({ made, declaration, callee }: Place, edits: MagicString): void {
  const { body, params } = made;
  const isBlock = body.type === "BlockStatement";
  const afterParams = isBlock ? ")" : "){return ";
  const start = params.length > 0 ? params[0].start : body.start;
  edits.update(declaration.start, start, ";");
  if (params.length > 0) edits.update(params[params.length - 1].end, body.start, afterParams);
  edits.prependRight(start, params.length > 0 ? "(function(" : `(function(${afterParams}`);
  edits.appendLeft(body.end, isBlock ? ")" : "})");
  if (body.end < declaration.end) edits.remove(body.end, declaration.end);
  edits.move(start, body.end, callee.start);
  edits.remove(callee.start, callee.end);
}

/** The function around the call of `made`, if that is what the use is, and no loop repeats it there. */
function callerOf(made: FunctionNode, use: Reference): FunctionNode | undefined {
  const caller = use.path.findLast(isFunction);
  if (!isCalled(use) || caller === undefined || contains(made, use.node)) return undefined;
  return use.path.slice(use.path.indexOf(caller)).some(isLoop) ? undefined : caller;
}

function isMovable(binding: Binding, made: FunctionNode, code: string): boolean {
  if (!/^(function|const|var)$/.test(binding.kind) || made.async || made.generator) return false;
  return !/\b(this|arguments)\b/.test(code.slice(made.start, made.end)) && !keepsFunctions(made);
}

/** Whether a function makes others that outlive it: each would keep one more scope, three JsVars. */
function keepsFunctions(made: FunctionNode): boolean {
  let keeps = false;
  walk(made, (node, path) => {
    if (isFunction(node) && node !== made && !isCalledAtOnce(node, path[path.length - 1])) keeps = true;
  });
  return keeps;
}

/** Whether a name in a function would mean something else in the place of its call. */
function isHidden(
  { binding, made, use }: { binding: Binding; made: FunctionNode; use: Reference },
  references: Reference[],
  namesOf: (owner: AnyNode) => string[],
): boolean {
  const between = use.path.filter((node) => isFunction(node) && !contains(node, binding.node)).flatMap(namesOf);
  const beside = namesOf(binding.owner);
  return references.some((one) => {
    const isFree = one.binding === undefined || !contains(made, one.binding.node);
    if (!isFree || !contains(made, one.node)) return false;
    // A name declared twice may be declared in a block around the new place.
    return between.includes(one.node.name) || beside.filter((name) => name === one.node.name).length > 1;
  });
}

/** The names that a function (or the program) declares, also in its blocks, one entry for each declaration. */
function namesDeclaredIn(owner: AnyNode): string[] {
  const names: string[] = [];
  const declare = (pattern: AnyNode) => names.push(...namesIn(pattern).map((one) => one.name));
  walk(owner, (node) => {
    if (isFunction(node)) {
      if (node !== owner) {
        if (node.type === "FunctionDeclaration" && node.id) declare(node.id);
        return false;
      }
      node.params.forEach(declare);
    }
    if (node.type === "VariableDeclarator") declare(node.id);
    if (node.type === "CatchClause" && node.param) declare(node.param);
    if (node.type === "ClassDeclaration" && node.id) declare(node.id);
    return true;
  });
  return names;
}

/** The statements that make a function and nothing else, by the function. */
function declarationsIn(program: AnyNode): Map<FunctionNode, AnyNode> {
  const declarations = new Map<FunctionNode, AnyNode>();
  walk(program, (node) => {
    if (node.type === "FunctionDeclaration") declarations.set(node, node);
    if (node.type !== "VariableDeclaration" || node.declarations.length > 1) return;
    const { init } = node.declarations[0];
    if (init && isFunction(init)) declarations.set(init, node);
  });
  return declarations;
}

function remember<Key, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    const value = known.get(key) ?? compute(key);
    known.set(key, value);
    return value;
  };
}
