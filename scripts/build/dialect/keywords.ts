/** All reserved words of Espruino (src/jslex.c of 2v29, LEX_R_IF to LEX_R_OF). */
export const KEYWORDS = new Set(
  `if else do while for break continue function return var let const this throw try catch finally true false null undefined new
  in instanceof switch case default delete typeof void debugger class extends super static of`.split(/\s+/),
);

/** Those behind which a slash divides. */
export const VALUES = new Set(["true", "false", "null", "undefined"]);
