/** A file of the repository as the house rules read it: its text, and its syntax tree, parsed when first needed. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "rolldown/utils";
import type { Node } from "../build/ast/scopes.ts";
import { BundleError, type Problem } from "../build/bundle.ts";

export class SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
  #program: Node | undefined;
  /** Each node, then its parent. */
  #nodes: Node[] | undefined;
  #lineStarts: number[] | undefined;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  /** TypeScript that people wrote. Declarations of a library are not ours to shape. */
  get isCode(): boolean {
    return /\.tsx?$/.test(this.path) && !this.path.endsWith(".d.ts");
  }

  /** Its syntax tree: ESTree with TypeScript's nodes in it. Throws BundleError when it cannot be parsed. */
  get program(): Node {
    if (this.#program === undefined) {
      // TypeScript's own parser has no stable API in version 7; esbuild's output loses the lines.
      const { program, errors } = parseSync(this.path, this.text);
      if (errors.length > 0) throw new BundleError([this.problem(errors[0].labels[0]?.start ?? 0, errors[0].message)]);
      this.#program = program as unknown as Node;
    }
    return this.#program;
  }

  /** Calls `visit` for every node with its parent, in the order of the text. The tree is walked once for all rules. */
  walk(visit: (node: Node, parent: Node) => void): void {
    if (this.#nodes === undefined) {
      this.#nodes = [];
      listNodes(this.program, this.program, this.#nodes);
    }
    for (let i = 0; i < this.#nodes.length; i += 2) visit(this.#nodes[i], this.#nodes[i + 1]);
  }

  /** Lets the tree go. All trees of the repository together keep the garbage collector busy. */
  forgetTree(): void {
    this.#program = undefined;
    this.#nodes = undefined;
  }

  /** The line of an offset in the text, from 1. */
  lineAt(offset: number): number {
    if (this.#lineStarts === undefined) {
      this.#lineStarts = [0];
      for (let at = this.text.indexOf("\n"); at >= 0; at = this.text.indexOf("\n", at + 1)) {
        this.#lineStarts.push(at + 1);
      }
    }
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#lineStarts[middle] <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** A complaint about the code at this offset. */
  problem(offset: number, text: string, instead?: string): Problem {
    return { file: this.path, line: this.lineAt(offset), column: 1, text, instead };
  }
}

function listNodes(node: Node, parent: Node, nodes: Node[]): void {
  nodes.push(node, parent);
  for (const key in node) {
    const value = node[key];
    if (value === null || typeof value !== "object") continue;
    if (Array.isArray(value)) {
      for (const one of value) if (typeof one?.type === "string") listNodes(one, node, nodes);
    } else if (typeof value.type === "string") listNodes(value, node, nodes);
  }
}

/** Paths of all tracked files under a root that exist. Files that Git does not know are the user's own: no check reads them. */
export function trackedPaths(root: string): string[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached"], { cwd: root, encoding: "utf8" });
  // While a merge is unresolved, git lists a path once for each side.
  return [...new Set(listed.split("\0"))].filter((path) => path !== "" && existsSync(join(root, path)));
}

/** Those of them that are text. */
export function trackedFiles(root: string): SourceFile[] {
  return trackedPaths(root)
    .filter((path) => !/\.(png|bin|gz|ico)$/.test(path))
    .map((path) => new SourceFile(path, readFileSync(join(root, path), "utf8")));
}
