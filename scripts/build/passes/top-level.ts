import * as acorn from "acorn";
import { applyEdits, type Edit } from "../ast/edits.ts";
import { type Binding, childrenOf, type Node, resolveNames } from "../ast/scopes.ts";

/**
 * Gives every name at the top of a script one that starts with `$`, so that the script can do without a function around it.
 *
 * That function is dear on Espruino: each function made inside another keeps the scopes around it as a list of its own, three
 * JsVars more (jsparse.c, jspeiGetScopesAsVar), 691 in all with two datastreams on a build with ESP32's JsVars. Bare, the
 * minifier's short names would be globals that hide pins (A0, D2) and that a person at the console overwrites with `t = 5`.
 * Names of up to four characters cost nothing more than one.
 */
export function renameTopLevel(code: string): string {
  const program = acorn.parse(code, { ecmaVersion: "latest", sourceType: "script" }) as unknown as Node;
  const references = resolveNames(program);
  const names = new Map<Binding, string>();
  const taken = new Set(code.match(/\$\w+/g) ?? []);
  const edits: Edit[] = [];

  function nameOf(binding: Binding): string {
    let name = names.get(binding);
    for (let count = 0; name === undefined; count++) {
      const candidate = `$${(names.size + count).toString(36)}`;
      if (!taken.has(candidate)) name = candidate;
    }
    names.set(binding, name);
    taken.add(name);
    return name;
  }

  const declared = new Map<number, Binding>();
  for (const { node, binding, path } of references) {
    if (binding === undefined || binding.owner !== program) continue;
    const parent = path[path.length - 1];
    // The minifier leaves `{ a }` where key and variable happen to be the same.
    const key = parent.type === "Property" && parent.shorthand ? `${node.name}:` : "";
    edits.push({ at: node.start, end: node.end, text: key + nameOf(binding) });
    const id = binding.node.type === "Identifier" ? binding.node : (binding.node.id as Node);
    declared.set(id.start, binding);
  }

  // Declarations are no uses: their names are found by the places that the bindings tell.
  const visit = (node: Node): void => {
    const binding = node.type === "Identifier" ? declared.get(node.start) : undefined;
    if (binding !== undefined && !edits.some((edit) => edit.at === node.start)) {
      edits.push({ at: node.start, end: node.end, text: nameOf(binding) });
    }
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program);

  return applyEdits(code, edits);
}
