import colors from "picocolors";
import { createSecrets } from "../../../scripts/console/terminal/secrets.ts";
import { type Questions, silentProgress } from "../../../scripts/console/terminal/terminal.ts";
import type { DeviceTerminal } from "../../../scripts/console/transport/choose-port.ts";

/** No device in these tests is ever busy: one that does not answer soon never will. A loaded computer still answers in time. */
export const SHORT_WAITS = { answerMs: 150, patienceMs: 600 };

export interface CapturedTerminal extends DeviceTerminal {
  /** Lines of standard output. */
  readonly out: string[];
  /** Lines of standard error, questions included. */
  readonly err: string[];
  /** Both, as one text. */
  readonly text: () => string;
}

/** A terminal that keeps what is written, with short waits. It answers questions with `answers`, in order. */
export function captureTerminal(
  more: Partial<DeviceTerminal> & { answers?: (string | boolean)[] } = {},
): CapturedTerminal {
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
    // Like a prompt: it says what is wrong and asks again.
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
    ...SHORT_WAITS,
    ...more,
    out,
    err,
    text: () => [...out, ...err].join("\n"),
  };
}
