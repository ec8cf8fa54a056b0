import type * as acorn from "acorn";
import type { Piece, Script } from "../ast/parsed-script.ts";
import type { Binding, Reference } from "../ast/scopes.ts";
import { type AnyNode, isFunction, namesIn, walk } from "../ast/walk.ts";
import { BundleError } from "../problems.ts";
import { findStart } from "./start-only.ts";

/** The first statement of a function that is made of parts which are there while it is needed. */
const MARK = "on demand";

/** A function declaration at the top of the script. */
type TopFunction = acorn.FunctionDeclaration;

/** What is known of the functions at the top. */
interface Tops {
  /** The functions at the top that each of them names. */
  named: Map<TopFunction, Set<TopFunction>>;
  roots: Set<TopFunction>;
  /** Functions that stay at the top: what runs between two calls of a root needs them. */
  resident: Set<TopFunction>;
  /** Functions that the start needs, but nothing that stays. They are deleted after it (start-only.ts). */
  starting: Set<TopFunction>;
}

/**
 * Puts every function at the top that only functions marked "on demand" need into each of these, at its beginning: Espruino makes
 * them when the marked function is called, and lets them go when nothing holds what it returned. At the top each would keep some
 * seven JsVars for ever. Their code stays in flash; what it costs is time at each call, and flash where several hold a copy.
 *
 * A marked function that only one other needs lies in that one, and names what it holds. Variables stay at the top.
 */
export function nestOnDemand(script: Script): Script {
  const tops = findTops(script);
  if (tops.roots.size === 0) return script;
  refuseHidden(script, tops.roots);
  const pieces: Piece[] = [];
  for (const statement of script.program.body as AnyNode[]) {
    const made = statement as TopFunction;
    const isTop = tops.named.has(made);
    if (isTop && !tops.resident.has(made) && !tops.starting.has(made)) continue;
    if (isTop && tops.roots.has(made)) pieces.push(...nest(made, tops, new Set()), "\n");
    else pieces.push({ start: statement.start, end: statement.end }, "\n");
  }
  return script.rearranged(pieces);
}

/** A marked function, with all that it needs and that isn't in `held` at its beginning. */
function nest(root: TopFunction, tops: Tops, held: Set<TopFunction>): Piece[] {
  const needed = reach([root], tops, (made) => !tops.resident.has(made) && !held.has(made));
  needed.delete(root);
  const inside = new Set([...held, ...needed, root]);
  const [mark, ...rest] = root.body.body;
  const pieces: Piece[] = [{ start: root.start, end: mark.start }];
  for (const made of needed) {
    if (tops.roots.has(made)) pieces.push(...nest(made, tops, inside), "\n");
    else pieces.push({ start: made.start, end: made.end }, "\n");
  }
  pieces.push({ start: rest.length > 0 ? rest[0].start : mark.end, end: root.end });
  return pieces;
}

/** Functions that these name, directly or through others. What a marked function names is its own affair. */
function reach(
  from: Iterable<TopFunction>,
  tops: Pick<Tops, "named" | "roots">,
  accept: (made: TopFunction) => boolean,
) {
  const first = new Set(from);
  const found = new Set(first);
  for (const made of found) {
    if (tops.roots.has(made) && !first.has(made)) continue;
    for (const one of tops.named.get(made) ?? []) if (accept(one)) found.add(one);
  }
  return found;
}

function findTops(script: Script): Tops {
  const named = new Map<TopFunction, Set<TopFunction>>();
  const roots = new Set<TopFunction>();
  for (const statement of script.program.body) {
    if (statement.type !== "FunctionDeclaration") continue;
    named.set(statement, new Set());
    if (isMarked(statement)) roots.add(statement);
  }
  const outside: TopFunction[] = [];
  for (const { binding, path } of script.references) {
    const made = binding?.value as TopFunction | undefined;
    if (made === undefined || !named.has(made)) continue;
    const around = named.get(path[1] as TopFunction);
    if (around === undefined) outside.push(made);
    else if (path[1] !== made) around.add(made);
  }
  const common = { named, roots };
  // One that several need stays at the top, so that there is one copy of what it holds.
  const shared = [...roots].filter((root) => {
    return [...roots].filter((one) => one !== root && reach([one], common, () => true).has(root)).length > 1;
  });
  outside.push(...shared);
  const kept = reach([], common, () => true);
  for (const made of outside) {
    kept.add(made);
    if (!roots.has(made)) for (const one of reach([made], common, () => true)) kept.add(one);
  }
  const starting = startOf(script, (use) => {
    const around = use.path[1] as TopFunction;
    return !named.has(around) || (kept.has(around) && !roots.has(around));
  });
  for (const root of shared) starting.delete(root);
  const stays = [...kept].filter((made) => !starting.has(made));
  return { ...common, resident: new Set(stays), starting: new Set([...kept].filter((made) => starting.has(made))) };
}

/** The functions at the top that only the start calls, where only these uses count. */
function startOf(script: Script, counts: (use: Reference) => boolean): Set<AnyNode> {
  const uses = new Map<Binding, Reference[]>();
  for (const [binding, list] of script.uses) {
    const counted = list.filter(counts);
    if (counted.length > 0) uses.set(binding, counted);
  }
  return findStart({ program: script.program, uses }).functions;
}

function isMarked(made: TopFunction): boolean {
  const [first] = made.body.body;
  return first?.type === "ExpressionStatement" && first.directive === MARK;
}

/** A name that a marked function declares must hide none at the top: what moves into it may need that. */
function refuseHidden(script: Script, roots: Set<TopFunction>): void {
  const atTop = new Set(script.program.body.flatMap((one) => topNames(one as AnyNode)));
  for (const root of roots) {
    walk(root, (node) => {
      for (const one of namesDeclared(node)) {
        if (one !== root.id && atTop.has(one.name)) {
          refuse(script, one, `${one.name} hides what has the same name at the top`, "another name");
        }
      }
    });
  }
}

function refuse(script: Script, node: AnyNode, text: string, instead: string): never {
  const place = script.placeOf(node.start) ?? { file: "", line: 0, column: -1 };
  throw new BundleError([{ file: place.file, line: place.line, column: place.column + 1, text, instead }]);
}

function topNames(statement: AnyNode): string[] {
  if (statement.type === "VariableDeclaration") {
    return statement.declarations.flatMap((one) => namesIn(one.id)).map((id) => id.name);
  }
  const isNamed = statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration";
  return isNamed && statement.id ? [statement.id.name] : [];
}

function namesDeclared(node: AnyNode): acorn.Identifier[] {
  if (node.type === "VariableDeclarator") return namesIn(node.id);
  if (node.type === "CatchClause") return node.param ? namesIn(node.param) : [];
  if (!isFunction(node)) return [];
  const own = node.type !== "ArrowFunctionExpression" && node.id ? [node.id] : [];
  return own.concat(node.params.flatMap(namesIn));
}
