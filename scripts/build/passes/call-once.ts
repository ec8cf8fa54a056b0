import * as acorn from "acorn";
import { applyEdits, type Edit } from "../ast/edits.ts";
import {
  type Binding,
  childrenOf,
  isFunction,
  isLoop,
  type Node,
  namesIn,
  type Reference,
  resolveNames,
} from "../ast/scopes.ts";
import { CALLS_AT_ONCE } from "../dialect/library.ts";
import { findStart, isCalledAtOnce } from "./start-only.ts";

/**
 * Puts a function that is called in one place into that place, as `(function(){…})()`: Espruino makes it when it gets there and
 * lets it go after, where a named one takes six or seven JsVars for ever; 112 JsVars at idle. The price is that its text is skipped over each time
 * the caller runs, so nothing is put into loops, nor into what is called from loops.
 *
 * `code` has names as they were written: the short ones of a minifier would often be hidden in the new place.
 */
export function inlineCalledOnce(code: string): string {
  let before = code;
  // One in another needs a round each.
  for (let round = 0; round < 6; round++) {
    const after = inlineRound(before);
    if (after === before) break;
    before = after;
  }
  return before;
}

/** Methods of sockets and of what listens to them: a name that says nothing of who is called. */
const HANDLERS = new Set(["close", "data", "drain", "end", "error", "response", "write"]);

interface Place {
  binding: Binding;
  /** The function that the call is in. */
  caller: Node;
  callee: Node;
}

function inlineRound(code: string): string {
  const program = acorn.parse(code, { ecmaVersion: "latest", sourceType: "script" }) as unknown as Node;
  const references = resolveNames(program);
  const uses = new Map<Binding, Reference[]>();
  for (const use of references) {
    if (use.binding === undefined) continue;
    const list = uses.get(use.binding);
    if (list === undefined) uses.set(use.binding, [use]);
    else list.push(use);
  }
  const busy = busyFunctions(program, references);
  const start = findStart(program, references).functions;
  const places: Place[] = [];
  for (const [binding, list] of uses) {
    const place = list.length === 1 ? placeOf(binding, list[0], code) : undefined;
    if (place === undefined || declarationOf(program, binding) === undefined) continue;
    // What only the start calls is let go of anyway (start-only.ts).
    if (busy.has(place.caller) || start.has(place.binding.value as Node)) continue;
    if (!isHidden(binding, list[0], references)) places.push(place);
  }

  // What lies in a function that is itself moved waits for the next round.
  const moved = places.filter(
    (place) =>
      !places.some(
        (other) =>
          other !== place &&
          (contains(other.binding.value, place.callee) || contains(other.binding.value, place.binding.node)),
      ),
  );
  const edits: Edit[] = [];
  for (const { binding, callee } of moved) {
    edits.push({ at: callee.start, end: callee.end, text: `(${expressionOf(binding.value as Node, code)})` });
    const declaration = declarationOf(program, binding) as Node;
    edits.push({ at: declaration.start, end: declaration.end, text: ";" });
  }
  return applyEdits(code, edits);
}

function placeOf(binding: Binding, use: Reference, code: string): Place | undefined {
  const made = binding.value;
  const callee = use.node as unknown as Node;
  const call = use.path[use.path.length - 1];
  if (made === undefined || call.type !== "CallExpression" || call.callee !== callee) return undefined;
  const caller = [...use.path].reverse().find(isFunction);
  if (caller === undefined || contains(made, callee) || isRepeated(use.path, caller)) return undefined;
  if (keepsFunctions(made)) return undefined;
  if (binding.kind !== "function" && binding.kind !== "const" && binding.kind !== "var") return undefined;
  if (/\b(this|arguments)\b/.test(code.slice(made.start, made.end)) || made.async || made.generator) return undefined;
  return { binding, caller, callee };
}

/** Whether what the function means by a name would be something else in the new place. */
function isHidden(binding: Binding, use: Reference, references: Reference[]): boolean {
  const made = binding.value as Node;
  const between = use.path.filter((node) => isFunction(node) && !contains(node, binding.node)).flatMap(namesOf);
  const beside = namesOf(binding.owner);
  return references.some((one) => {
    const isFree = one.binding === undefined || !contains(made, one.binding.node);
    if (!isFree || !contains(made, one.node as unknown as Node)) return false;
    // Twice beside it: perhaps in a block around the new place.
    return between.includes(one.node.name) || beside.filter((name) => name === one.node.name).length > 1;
  });
}

/** The names that a function (or the program) declares, in its blocks too, each as often as it does. */
function namesOf(owner: Node): string[] {
  const names: string[] = [];
  const visit = (node: Node): void => {
    if (node.type === "FunctionDeclaration") names.push(node.id.name);
    if (isFunction(node) && node !== owner) return;
    if (isFunction(node)) for (const one of node.params.flatMap(namesIn)) names.push(one.name);
    if (node.type === "VariableDeclarator") for (const one of namesIn(node.id)) names.push(one.name);
    if (node.type === "CatchClause" && node.param) for (const one of namesIn(node.param)) names.push(one.name);
    if (node.type === "ClassDeclaration") names.push(node.id.name);
    for (const child of childrenOf(node)) visit(child);
  };
  if (owner.type === "FunctionDeclaration") {
    for (const one of owner.params.flatMap(namesIn)) names.push(one.name);
    visit(owner.body);
  } else visit(owner);
  return names;
}

/** Functions that run again and again: called from a loop or for each item of an array, or from such a function. Methods go by their names. */
function busyFunctions(program: Node, references: Reference[]): Set<Node> {
  const madeBy = new Map<Node, Node>();
  for (const use of references) if (use.binding?.value) madeBy.set(use.node as unknown as Node, use.binding.value);
  const methods = new Map<string, Node[]>();
  const calls: { caller: Node | undefined; repeated: boolean; callees: () => Node[] }[] = [];
  const visit = (node: Node, path: Node[]): void => {
    if (node.type === "Property" && !node.computed) {
      const value = isFunction(node.value) ? node.value : madeBy.get(node.value);
      const name = String(node.key.name ?? node.key.value);
      if (value !== undefined) methods.set(name, (methods.get(name) ?? []).concat(value));
    }
    if (node.type === "CallExpression") {
      const caller = [...path].reverse().find(isFunction);
      const member = node.callee.type === "MemberExpression" && !node.callee.computed ? node.callee.property.name : "";
      const callees = () => {
        if (isFunction(node.callee)) return [node.callee];
        const known = madeBy.get(node.callee);
        if (known !== undefined) return [known];
        return HANDLERS.has(member) ? [] : (methods.get(member) ?? []);
      };
      calls.push({ caller, repeated: isRepeated(path, caller), callees });
      if (CALLS_AT_ONCE.has(member)) {
        for (const given of node.arguments) {
          const value = isFunction(given) ? given : madeBy.get(given);
          if (value !== undefined) calls.push({ caller, repeated: true, callees: () => [value] });
        }
      }
    }
    for (const child of childrenOf(node)) visit(child, [...path, node]);
  };
  visit(program, []);

  const busy = new Set<Node>();
  for (let before = -1; before !== busy.size; ) {
    before = busy.size;
    for (const call of calls) {
      if (call.repeated || (call.caller !== undefined && busy.has(call.caller)))
        for (const one of call.callees()) busy.add(one);
    }
  }
  return busy;
}

/** Whether a function makes others that outlive it: each would keep one more scope, three JsVars. */
function keepsFunctions(made: Node): boolean {
  let keeps = false;
  const visit = (node: Node, parent: Node): void => {
    if (isFunction(node) && node !== made && !isCalledAtOnce(node, parent)) keeps = true;
    for (const child of childrenOf(node)) visit(child, node);
  };
  visit(made, made);
  return keeps;
}

/** Whether there is a loop between a node and the function around it. */
function isRepeated(path: Node[], caller: Node | undefined): boolean {
  return path.slice(caller === undefined ? 0 : path.indexOf(caller)).some(isLoop);
}

function contains(outer: Node | undefined, inner: Node): boolean {
  return outer !== undefined && outer.start <= inner.start && inner.end <= outer.end;
}

/** A function expression without a name. */
function expressionOf(made: Node, code: string): string {
  const params = made.params.map((one: Node) => code.slice(one.start, one.end)).join();
  const body = code.slice(made.body.start, made.body.end);
  return `function(${params})${made.body.type === "BlockStatement" ? body : `{return ${body}}`}`;
}

/** The statement that makes the function and nothing else. */
function declarationOf(program: Node, binding: Binding): Node | undefined {
  if (binding.node.type === "FunctionDeclaration") return binding.node;
  let found: Node | undefined;
  const visit = (node: Node): void => {
    const isIt = node.type === "VariableDeclaration" && node.declarations[0].id === binding.node;
    if (isIt && node.declarations.length === 1) found = node;
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program);
  return found;
}
