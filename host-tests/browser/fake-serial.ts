/**
 * `navigator.serial` for a page under test (https://wicg.github.io/serial/), with the console of
 * host-tests/support/console on the other end: the page's bytes go to its TCP port and back.
 */
import { connect, type Socket } from "node:net";
import type { Page } from "playwright-core";

/** `consolePort`: tcp://127.0.0.1:PORT, where the device listens. */
export async function plugIn(page: Page, consolePort: string): Promise<void> {
  const { hostname, port } = new URL(consolePort);
  let socket: Socket | undefined;
  await page.exposeFunction("serialOpen", () => {
    socket = connect({ host: hostname, port: Number(port), noDelay: true });
    // The page may be gone when the last bytes come.
    const tell = (call: string) => void page.evaluate(call).catch(() => {});
    socket.on("data", (bytes) => tell(`serialReceived(${JSON.stringify(bytes.toString("latin1"))})`));
    socket.on("close", () => tell("serialGone()"));
    socket.on("error", () => {});
  });
  await page.exposeFunction("serialWrite", (text: string) => void socket?.write(Buffer.from(text, "latin1")));
  await page.exposeFunction("serialClose", () => void socket?.destroy());
  await page.addInitScript(FAKE);
}

/** Runs in the page. A port opens once; its streams end when the cable is pulled out. */
const FAKE = `
(() => {
  let input;
  const port = {
    readable: null,
    writable: null,
    async open() {
      await serialOpen();
      port.readable = new ReadableStream({ start: (controller) => { input = controller; } });
      port.writable = new WritableStream({
        write: (bytes) => serialWrite(String.fromCharCode(...bytes)),
      });
    },
    async close() { await serialClose(); },
  };
  window.serialReceived = (text) => {
    try { input.enqueue(Uint8Array.from(text, (letter) => letter.charCodeAt(0))); } catch { /* cancelled */ }
  };
  window.serialGone = () => { try { input.error(new DOMException("The device has been lost.", "NetworkError")); } catch { /* closed */ } };
  Object.defineProperty(navigator, "serial", { value: { requestPort: async () => port } });
})();
`;
