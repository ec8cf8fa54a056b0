/** What the unit prints, as `npm run monitor` shows it. */
import { useEffect, useRef } from "preact/hooks";
import { sincePowerOn } from "./words.ts";

const SHOWN_MAX = 200;

interface LogProps {
  lines: { atMs: number; text: string }[];
  /** Later lines are not shown. */
  untilMs: number;
  title: string;
  /** `atMs` is Unix time, not time since power-on. */
  clock?: boolean;
}

export function LogView({ lines, untilMs, title, clock }: LogProps) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  let end = lines.length;
  while (end > 0 && lines[end - 1].atMs > untilMs) end--;
  useEffect(() => {
    const element = box.current;
    if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  });
  return (
    <section class="card log" aria-label={title}>
      <div
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it
        tabIndex={0}
        role="log"
        aria-live="off"
        onScroll={({ currentTarget: at }) => {
          isAtEnd.current = at.scrollTop + at.clientHeight > at.scrollHeight - 30;
        }}
      >
        {lines.slice(Math.max(0, end - SHOWN_MAX), end).map((line, i) => (
          <p key={i} class={levelOf(line.text)}>
            <time>{clock ? new Date(line.atMs).toLocaleTimeString() : sincePowerOn(line.atMs)}</time> {line.text}
          </p>
        ))}
        {end === 0 && (
          <p class="quiet">{lines.length === 0 ? "nothing printed yet" : "no line from then, or it is kept no more"}</p>
        )}
      </div>
    </section>
  );
}

function levelOf(text: string): string {
  const level = /^\[(\w+)\]/.exec(text)?.[1];
  if (level === "error" || text.startsWith("Uncaught")) return "error";
  return level === "warn" ? "warn" : "";
}
