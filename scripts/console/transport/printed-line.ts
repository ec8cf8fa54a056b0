// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are controlled by control characters
const CURSOR_MOVES = /\x1b\[[0-9;?]*[A-Za-z]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: backspace, XON, XOFF
const FLOW_AND_BACKSPACE = /[\x08\x11\x13]/g;

/** A line that the device printed, without the prompt and the cursor movements that redraw it. */
export function cleanLine(line: string): string {
  return line
    .replace(CURSOR_MOVES, "")
    .replace(FLOW_AND_BACKSPACE, "")
    .replace(/^[\r>]+/, "")
    .trimEnd();
}
