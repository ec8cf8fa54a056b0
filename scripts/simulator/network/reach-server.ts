/** Whether a server of your own is there at all, before a run waits for it. */
import { connect } from "node:net";
import { sayNetworkError } from "../../build/network-error.ts";
import { SimulationError } from "../errors.ts";

const CONNECT_TIMEOUT_MS = 5000;

/** Opens and closes one TCP connection to an origin. Rejects with a SimulationError that names the address. */
export async function reachServer(origin: string): Promise<void> {
  const { hostname, port, protocol } = new URL(origin);
  const host = hostname.replace(/^\[|\]$/g, "");
  const number = Number(port) || (protocol === "https:" ? 443 : 80);
  const fail = (why: string) => new SimulationError(`the server at ${hostname}:${number} can't be reached: ${why}`);
  await new Promise<void>((done, reject) => {
    const socket = connect({ host, port: number, timeout: CONNECT_TIMEOUT_MS });
    const settle = (error?: SimulationError) => {
      socket.destroy();
      if (error === undefined) done();
      else reject(error);
    };
    socket.once("connect", () => settle());
    socket.once("timeout", () => settle(fail(`nothing answered in ${CONNECT_TIMEOUT_MS / 1000} s`)));
    socket.once("error", (error) => settle(fail(sayNetworkError(error))));
  });
}

/** Of an answer, in a message. */
const EXCERPT_CHARACTERS = 120;

/** Redirects that keep the method: the device follows them to another region of Blynk's. */
const MOVED = [307, 308];

/**
 * Asks whether the server is Blynk's, or speaks as it does, and knows the token (`isHardwareConnected`, which is answered by
 * `true` or `false`), so that a run does not wait in vain. Rejects with a SimulationError that says what was answered.
 */
export async function askServer(origin: string, token: string): Promise<void> {
  const base = origin.replace(/\/$/, "");
  let status: number;
  let body: string;
  try {
    const response = await fetch(`${base}/external/api/isHardwareConnected?token=${encodeURIComponent(token)}`, {
      redirect: "manual",
      signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS),
    });
    status = response.status;
    body = (await response.text()).slice(0, EXCERPT_CHARACTERS).trim();
  } catch (error) {
    const isLate = (error as Error).name === "TimeoutError";
    const why = isLate ? `it gave no answer in ${CONNECT_TIMEOUT_MS / 1000} s` : sayNetworkError(error);
    throw new SimulationError(`the server at ${base} did not answer: ${why}`);
  }
  if (MOVED.includes(status) || (status === 200 && /^(true|false)$/.test(body))) return;
  const said = `it answered ${status} ${body === "" ? "with an empty body" : body.replace(/\s+/g, " ")}`;
  if (status === 401 || status === 403 || (status === 400 && /token/i.test(body))) {
    throw new SimulationError(`the server at ${base} refuses the token; ${said}`);
  }
  throw new SimulationError(
    `the server at ${base} does not answer as Blynk's: ${said}, where isHardwareConnected is answered by true or false`,
  );
}
