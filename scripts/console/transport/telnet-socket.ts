import { connect } from "node:net";
import { FieldError } from "../terminal/field-error.ts";
import { portError } from "./port-error.ts";
import type { Transport } from "./transport.ts";

const CONNECT_TIMEOUT_MS = 10000;
/** The port without `:PORT`, as in EspruinoTools. */
const TELNET_PORT = 23;

/** Opens `tcp://ADDRESS` or `tcp://ADDRESS:PORT`. Throws a `FieldError`. */
export async function openTelnetSocket(port: string): Promise<Transport> {
  const url = URL.canParse(port) ? new URL(port) : undefined;
  if (url === undefined || url.host === "") {
    throw new FieldError(`${port} is not an address.`, "Write tcp://ADDRESS or tcp://ADDRESS:PORT.");
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1") || "localhost";
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(url.port || TELNET_PORT), noDelay: true });
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(Object.assign(new Error(), { code: "ETIMEDOUT" })));
    socket.once("error", (error) => reject(portError(port, error)));
    socket.once("connect", () => {
      socket.setTimeout(0);
      // After an error a close always follows, and that is what listeners get.
      socket.on("error", () => {});
      resolve({
        write: (bytes, done) => void socket.write(bytes, () => done()),
        close: () => void socket.destroy(),
        onData: (listener) => void socket.on("data", listener),
        onClose: (listener) => void socket.once("close", listener),
      });
    });
  });
}
