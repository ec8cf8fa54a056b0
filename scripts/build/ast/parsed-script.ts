import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import * as acorn from "acorn";
import type MagicString from "magic-string";
import { type Binding, type Reference, resolveNames } from "./scopes.ts";

/** A place in a source file. */
export interface Place {
  /** Relative to the repository's root. */
  file: string;
  /** From 1. */
  line: number;
  /** From 0. */
  column: number;
}

/** Text that a pass made up, or a range of the script it reads, by offsets. */
export type Piece = string | { start: number; end: number };

/**
 * The program's text at one step of the build. It is parsed once at most, however many passes read it, and it knows the place in
 * the TypeScript that each character comes from.
 */
export class Script {
  readonly code: string;
  readonly #placeOf: (line: number, column: number) => Place | undefined;
  #program: acorn.Program | undefined;
  #references: Reference[] | undefined;
  #uses: Map<Binding, Reference[]> | undefined;

  /** `placeOf` takes a line from 1 and a column from 0. Without it no place is known. */
  constructor(code: string, placeOf: (line: number, column: number) => Place | undefined = () => undefined) {
    this.code = code;
    this.#placeOf = placeOf;
  }

  /** A script with a source map whose sources are relative to the repository's root. */
  static fromMap(code: string, map: string): Script {
    const trace = lazy(() => new TraceMap(map));
    return new Script(code, (line, column) => nearest(trace(), line, column));
  }

  /** Throws SyntaxError if the text is not JavaScript. */
  get program(): acorn.Program {
    this.#program ??= acorn.parse(this.code, { ecmaVersion: "latest", sourceType: "script" });
    return this.#program;
  }

  get references(): Reference[] {
    this.#references ??= resolveNames(this.program);
    return this.#references;
  }

  /** The uses of each name that the program declares and uses. */
  get uses(): Map<Binding, Reference[]> {
    this.#uses ??= groupByBinding(this.references);
    return this.#uses;
  }

  /** The place that the character at `offset` comes from; the nearest one known for text that a pass made up. */
  placeOf(offset: number): Place | undefined {
    const { line, column } = acorn.getLineInfo(this.code, offset);
    return this.#placeOf(line, column);
  }

  /** The script after edits of its text. */
  edited(edits: MagicString): Script {
    if (!edits.hasChanged()) return this;
    return this.becomes(edits.toString(), () => edits.generateMap({ hires: true }).toString());
  }

  /**
   * The script whose text these pieces make, one behind the other. A range may come more than once: each copy knows where it was
   * written. New text counts as the end of what stands before it.
   */
  rearranged(pieces: Piece[]): Script {
    const texts = pieces.map((piece) => (typeof piece === "string" ? piece : this.code.slice(piece.start, piece.end)));
    const code = texts.join("");
    const lengths = texts.map((text) => text.length);
    const lineStarts = lazy(() => startsOfLines(code));
    const lineStartsBefore = startsOfLines(this.code);
    const placeOf = this.#placeOf;
    return new Script(code, (line, column) => {
      let left = (lineStarts()[line - 1] ?? 0) + column;
      let found = 0;
      for (let i = 0; i < pieces.length && left >= 0; left -= lengths[i++]) {
        const piece = pieces[i];
        if (typeof piece !== "string" && lengths[i] > 0) found = piece.start + Math.min(left, lengths[i] - 1);
      }
      const index = lineStartsBefore.findLastIndex((start) => start <= found);
      return placeOf(index + 1, found - lineStartsBefore[index]);
    });
  }

  /** The script after a tool rewrote it. `map` gives the source map from the new text to this one; it is called if needed. */
  becomes(code: string, map: () => string): Script {
    const trace = lazy(() => new TraceMap(map()));
    // Not `this`: the new script would keep the old one's syntax tree in memory.
    const placeOf = this.#placeOf;
    return new Script(code, (line, column) => {
      const before = nearest(trace(), line, column);
      return before && placeOf(before.line, before.column);
    });
  }
}

/** The offset at which each line of a text starts. */
function startsOfLines(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** The origin of a place, or of the nearest place before it that has an origin. */
function nearest(trace: TraceMap, line: number, column: number): Place | undefined {
  for (let at = line; at > 0; at--) {
    const found = originalPositionFor(trace, { line: at, column: at === line ? column : Number.MAX_SAFE_INTEGER });
    if (found.source !== null) return { file: found.source, line: found.line, column: found.column };
  }
  return undefined;
}

function groupByBinding(references: Reference[]): Map<Binding, Reference[]> {
  const uses = new Map<Binding, Reference[]>();
  for (const use of references) {
    if (use.binding === undefined) continue;
    const list = uses.get(use.binding);
    if (list === undefined) uses.set(use.binding, [use]);
    else list.push(use);
  }
  return uses;
}

function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
