import MagicString from "magic-string";
import type { Script } from "../ast/parsed-script.ts";
import type { Binding } from "../ast/scopes.ts";

/**
 * Gives every name at the top of a script one that starts with `$`, so that the script needs no function around it.
 *
 * That function is dear on Espruino: each function made inside another keeps a list of the scopes around it, three JsVars more
 * (jsparse.c, jspeiGetScopesAsVar). With the names as written the idle firmware takes 56 JsVars more (pipeline.ts). With that
 * function around it as well it took 855 more, before functions were made on demand. Without it, short names that don't start
 * with `$` would be globals that hide pins (A0, D2) and that a person at the console overwrites with `t = 5`. A name of up to
 * four characters takes one JsVar.
 */
export function renameTopLevel(script: Script): Script {
  const { code, program, references } = script;
  const edits = new MagicString(code);
  const names = new Map<Binding, string>();
  const taken = new Set(code.match(/\$\w+/g) ?? []);

  function nameOf(binding: Binding): string {
    let name = names.get(binding);
    for (let count = names.size; name === undefined; count++) {
      const candidate = `$${count.toString(36)}`;
      if (!taken.has(candidate)) name = candidate;
    }
    names.set(binding, name);
    taken.add(name);
    return name;
  }

  const renamed = new Set<number>();
  for (const { node, binding, path } of references) {
    if (binding?.owner !== program) continue;
    const parent = path[path.length - 1];
    // The minifier writes `{ a }` where key and variable have the same name.
    const key = parent.type === "Property" && parent.shorthand ? `${node.name}:` : "";
    edits.update(node.start, node.end, key + nameOf(binding));
    renamed.add(node.start);
  }
  // A declaration is not a use of its name, unless it is a pattern.
  for (const [binding, name] of names) {
    const declared = binding.value?.type === "FunctionDeclaration" ? binding.value.id : binding.node;
    if (declared && !renamed.has(declared.start)) edits.update(declared.start, declared.end, name);
  }
  return script.edited(edits);
}
