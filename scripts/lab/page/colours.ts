/** Colours of style.css for what is drawn on a canvas, in light or dark. */

let known = new Map<string, string>();

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  known = new Map();
});

/** The value of a variable, "--pending". */
export function colourOf(variable: string): string {
  let colour = known.get(variable);
  if (colour === undefined) {
    colour = getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
    known.set(variable, colour);
  }
  return colour;
}
