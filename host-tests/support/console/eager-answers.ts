import type { ChipName } from "../../../scripts/build/pins/chips.ts";
import type { Questions } from "../../../scripts/console/terminal/terminal.ts";

/**
 * A person who accepts what `npm run new` proposes, for one sensor of a kind on a board. `other`: answers to questions that begin
 * so. `asked` has all questions.
 */
export function eagerAnswers(
  kind: string,
  board: ChipName,
  other: { [question: string]: string } = {},
): Questions & { asked: string[] } {
  const asked: string[] = [];
  const special = (question: string) =>
    Object.entries(other).find(([beginning]) => question.startsWith(beginning))?.[1];
  let isChosen = false;
  return {
    asked,
    async text(question, check, initial = "") {
      asked.push(question);
      const answer = special(question) ?? initial;
      const complaint = check(answer);
      if (complaint !== undefined) throw new Error(`${question}: ${complaint}`);
      return answer;
    },
    password: () => Promise.reject(new Error("nothing here is secret")),
    async confirm(question, initial) {
      asked.push(question);
      return initial;
    },
    async select(question, choices) {
      asked.push(question);
      if (question === "Board") return board;
      if (question !== "Sensor") return special(question) ?? choices[0].value;
      if (isChosen) return choices[0].value;
      isChosen = true;
      if (!choices.some((one) => one.value === kind)) throw new Error(`${kind} is not offered on ${board}`);
      return kind;
    },
  };
}
