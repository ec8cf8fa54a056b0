/** Reads along in a server's answer: where its head and itself end (RFC 9112, 6.3). Changes lines of the head. */

export interface AnswerReader {
  /** Takes what came; returns what goes on to the device. */
  add(text: string): string;
  /** Nothing more comes. Returns what was held back. */
  end(): string;
  whole(): boolean;
  /** Status NaN where the answer is not HTTP; the body without its chunks' frames. */
  result(): { status: number; body: string };
}

/** A head that is longer goes on as it is: nothing is held back for long. */
const HEAD_HELD_MAX = 4096;

/** The value of a line if it is this header. `name` is in lower case. */
export function headerLine(line: string, name: string): string | undefined {
  const colon = line.indexOf(":");
  return line.slice(0, colon).toLowerCase() === name ? line.slice(colon + 1).trim() : undefined;
}

/** `change` gets each line of the head. */
export function createAnswerReader(change: (line: string) => string): AnswerReader {
  let held = "";
  let passing = false;
  let head: string | undefined;
  let rest = "";
  let ended = false;

  const header = (name: string) => {
    for (const line of (head ?? "").split("\r\n")) {
      const value = headerLine(line, name);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const chunked = () => header("transfer-encoding")?.toLowerCase() === "chunked";
  const status = () => Number(/^HTTP\/1\.\d (\d{3})/.exec(head ?? "")?.[1]);

  /** Looks for the end of the head in all that came, also once it is passed on as it comes. */
  function scan(text: string): void {
    rest += text;
    for (;;) {
      const end = head === undefined ? rest.indexOf("\r\n\r\n") : -1;
      if (end < 0) return;
      head = rest.slice(0, end);
      rest = rest.slice(end + 4);
      // 100 Continue: the answer is still to come.
      if (status() === 100) head = undefined;
    }
  }

  return {
    add(text) {
      scan(text);
      if (passing) return text;
      held += text;
      if (head === undefined && held.length <= HEAD_HELD_MAX) return "";
      passing = true;
      const end = held.indexOf("\r\n\r\n");
      const lines = (end < 0 ? held : held.slice(0, end)).split("\r\n").map(change).join("\r\n");
      return lines + (end < 0 ? "" : held.slice(end));
    },
    end() {
      ended = true;
      return passing ? "" : held;
    },
    whole() {
      if (head === undefined) return false;
      if (chunked()) return /(^|\r\n)0\r\n(.*\r\n)?\r\n$/.test(rest);
      const length = header("content-length");
      if (length !== undefined) return rest.length >= Number(length);
      return ended || status() === 204 || status() === 304;
    },
    result: () => ({ status: status(), body: chunked() ? unchunk(rest) : rest }),
  };
}

function unchunk(text: string): string {
  let body = "";
  let at = 0;
  for (;;) {
    const line = text.indexOf("\r\n", at);
    const length = line < 0 ? 0 : Number.parseInt(text.slice(at, line), 16);
    if (!(length > 0)) return body;
    body += text.slice(line + 2, line + 2 + length);
    at = line + 4 + length;
  }
}
