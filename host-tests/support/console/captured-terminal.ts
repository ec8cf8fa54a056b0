import colors from "picocolors";
import { createSecrets } from "../../../scripts/console/terminal/secrets.ts";
import { type Questions, silentProgress, type Terminal } from "../../../scripts/console/terminal/terminal.ts";

export interface CapturedTerminal extends Terminal {
  /** What was printed, line by line. */
  readonly out: string[];
  /** What was remarked. */
  readonly err: string[];
  /** Both, as one text. */
  readonly text: () => string;
}

/** A terminal that keeps what is written, with short patience. `answers` are given to questions in order. */
export function captureTerminal(more: Partial<Terminal> & { answers?: (string | boolean)[] } = {}): CapturedTerminal {
  const secrets = createSecrets();
  const out: string[] = [];
  const err: string[] = [];
  const answers = [...(more.answers ?? [])];
  const next = async () => {
    const answer = answers.shift();
    if (answer === undefined) throw new Error("a question that the test did not expect");
    return answer;
  };
  const checked = async (question: string, check: (answer: string) => string | undefined) => {
    err.push(question);
    // As a prompt does: what is wrong is said, and asked again.
    for (;;) {
      const answer = String(await next());
      const complaint = check(answer);
      if (complaint === undefined) return answer;
      err.push(complaint);
    }
  };
  const ask: Questions = {
    text: checked,
    password: checked,
    confirm: async (question) => {
      err.push(question);
      return (await next()) === true;
    },
    select: async (question) => {
      err.push(question);
      return String(await next());
    },
  };
  return {
    secrets,
    env: {},
    interactive: more.answers !== undefined,
    colors: colors.createColors(false),
    columns: 100,
    print: (line) => void out.push(secrets.mask(line)),
    remark: (line) => void err.push(secrets.mask(line)),
    progress: () => silentProgress(),
    ask,
    // Nothing in these tests is ever busy: what does not answer at once never will.
    answerMs: 40,
    patienceMs: 80,
    ...more,
    out,
    err,
    text: () => [...out, ...err].join("\n"),
  };
}
