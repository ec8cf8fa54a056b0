/** Where the page begins. */
import { render } from "preact";
import { App } from "./app.tsx";
import { createEngine } from "./engine.ts";
import { createLabControl } from "./lab-control.ts";
import { createStore } from "./lab-state.ts";

const engine = createEngine(new Worker("worker.js"));
const store = createStore();
const control = createLabControl(engine, store, {
  putHash: (hash) => history.replaceState(null, "", `#${hash}`),
  later: (act, delayMs) => void setTimeout(() => requestAnimationFrame(act), delayMs),
});

/** Its address is put together so that the build leaves it alone: it is a file of its own. */
async function showDevice(into: HTMLElement): Promise<() => void> {
  const device = (await import(new URL("device.js", document.baseURI).href)) as typeof import("./device-page.tsx");
  return device.showDevice(into);
}

addEventListener("hashchange", () => void control.start(location.hash.slice(1)));
const app = document.getElementById("app") as HTMLElement;
// Preact leaves what stands there.
app.textContent = "";
render(<App store={store} control={control} showDevice={showDevice} />, app);
void control.start(location.hash.slice(1));
