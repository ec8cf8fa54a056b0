/** The region's pages, as they are in its bytes. */
import type { FlashPage, FlashView, PageState } from "../protocol.ts";
import { grouped, PAGE_WORDS } from "./words.ts";

/** Above this, pages get no label of their own. */
const LABELLED_MAX = 64;
const SHOWN_STATES: PageState[] = ["open", "sealed", "delivered", "spoilt", "ledger", "fixes", "blank"];

interface FlashMapProps {
  flash: FlashView;
  title: string;
  /** Not known of a real device. */
  hasWear: boolean;
  onHarm?: (page: number) => void;
}

export function FlashMap({ flash, title, hasWear, onHarm }: FlashMapProps) {
  const { pages } = flash;
  const isLabelled = pages.length <= LABELLED_MAX;
  const worn = Math.max(1, ...pages.map((page) => page.wear));
  return (
    <section class="card flash" aria-label="Flash">
      <h2>
        {title}
        {hasWear && (
          <span class="numbers">
            {flash.bytesPerSample > 0 ? `${flash.bytesPerSample.toFixed(2)} bytes a sample · ` : ""}
            {grouped(flash.erases)} erases
          </span>
        )}
      </h2>
      <ol class={isLabelled ? "pages" : "pages many"}>
        {pages.map((page, n) => (
          <li key={n} class={page.state} title={pageText(page, n, hasWear)} onDblClick={onHarm && (() => onHarm(n))}>
            <i class="fill" style={{ height: `${Math.ceil(page.filled * 100)}%` }} />
            {isLabelled && <span>{page.pin ?? (page.state === "ledger" ? "L" : "")}</span>}
            {hasWear && <i class="wear" style={{ width: `${(100 * page.wear) / worn}%` }} />}
          </li>
        ))}
      </ol>
      <p class="legend">
        {SHOWN_STATES.filter((state) => pages.some((page) => page.state === state)).map((state) => (
          <span key={state}>
            <i class={`swatch page-${state}`} /> {state}
          </span>
        ))}
        {hasWear && <span>underlined: wear</span>}
      </p>
    </section>
  );
}

function pageText(page: FlashPage, n: number, hasWear: boolean): string {
  const parts = [`page ${n}: ${page.pin === undefined ? "" : `${page.pin}, `}${PAGE_WORDS[page.state]}`];
  if (page.samples !== undefined) parts.push(`${page.samples} samples`);
  parts.push(`${Math.round(100 * page.filled)} % programmed`);
  if (hasWear) parts.push(`erased ${page.wear} times`);
  return parts.join(", ");
}
