/** A real device at the cable. */
import { render } from "preact";

export function showDevice(into: HTMLElement): () => void {
  render(<p>Real devices.</p>, into);
  return () => render(null, into);
}
