/** The stretch of a text from `at` up to `end`, and what comes in its place. */
export interface Edit {
  at: number;
  end: number;
  text: string;
}

/** Replaces stretches of a text that don't overlap. */
export function applyEdits(code: string, edits: Edit[]): string {
  let edited = "";
  let from = 0;
  for (const edit of edits.sort((a, b) => a.at - b.at)) {
    edited += code.slice(from, edit.at) + edit.text;
    from = edit.end;
  }
  return edited + code.slice(from);
}
