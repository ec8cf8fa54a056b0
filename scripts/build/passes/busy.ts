import { CALLS_AT_ONCE } from "../ast/calls.ts";
import type { Script } from "../ast/parsed-script.ts";
import { type AnyNode, type FunctionNode, isFunction, isLoop, memberName, walk } from "../ast/walk.ts";

/** Methods of sockets and of what listens to them: the name doesn't tell who is called. */
const HANDLERS = new Set(["close", "data", "drain", "end", "error", "response", "write"]);

interface Call {
  /** The function around it. */
  caller: FunctionNode | undefined;
  /** A loop or an array method repeats it. */
  isRepeated: boolean;
  callees: FunctionNode[];
}

/**
 * Functions that run again and again: called from a loop or for each item of an array, or from such a function. A call of a
 * method counts for every method of that name.
 */
export function busyFunctions(script: Script): Set<AnyNode> {
  const calls = callsIn(script);
  const busy = new Set<AnyNode>();
  for (let before = -1; before !== busy.size; ) {
    before = busy.size;
    for (const call of calls) {
      const isBusy = call.isRepeated || (call.caller !== undefined && busy.has(call.caller));
      if (isBusy) for (const one of call.callees) busy.add(one);
    }
  }
  return busy;
}

function callsIn({ program, references }: Script): Call[] {
  const known = new Map<AnyNode, FunctionNode>();
  for (const use of references) if (use.binding?.value) known.set(use.node, use.binding.value);
  const functionOf = (node: AnyNode) => (isFunction(node) ? node : known.get(node));

  const methods = new Map<string, FunctionNode[]>();
  walk(program, (node) => {
    if (node.type !== "Property" || node.computed) return;
    const made = functionOf(node.value);
    const name = memberName(node);
    if (made !== undefined) methods.set(name, [...(methods.get(name) ?? []), made]);
  });

  const calls: Call[] = [];
  walk(program, (node, path) => {
    if (node.type !== "CallExpression") return;
    const caller = path.findLast(isFunction);
    const isRepeated = path.slice(caller === undefined ? 0 : path.indexOf(caller)).some(isLoop);
    const called = functionOf(node.callee);
    const name = memberName(node.callee);
    const named = HANDLERS.has(name) ? [] : (methods.get(name) ?? []);
    calls.push({ caller, isRepeated, callees: called === undefined ? named : [called] });
    if (!CALLS_AT_ONCE.has(name)) return;
    const given = node.arguments.map(functionOf).filter((one) => one !== undefined);
    calls.push({ caller, isRepeated: true, callees: given });
  });
  return calls;
}
