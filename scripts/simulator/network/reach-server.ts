/** Whether a server of your own is there at all, before a run waits for it. */
import { connect } from "node:net";
import { SimulationError } from "../errors.ts";

const CONNECT_TIMEOUT_MS = 5000;

const REASONS: { [code: string]: string } = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was closed",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "the name can't be looked up",
  EHOSTUNREACH: "there is no way to this host",
  ENETUNREACH: "there is no way to this network",
  ETIMEDOUT: "nothing answered",
};

/** In words, for a person. */
export function sayNetworkError(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ""] ?? (error.message || String(error.code));
}

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

/**
 * Asks whether the server knows the token (Blynk's `isHardwareConnected`), so that a run does not wait in vain. Any other
 * answer than a refusal is for the device to judge. Rejects with a SimulationError that says what was answered.
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
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    const why = cause === undefined ? `it gave no answer in ${CONNECT_TIMEOUT_MS / 1000} s` : sayNetworkError(cause);
    throw new SimulationError(`the server at ${base} did not answer: ${why}`);
  }
  if (status === 401 || status === 403 || (status === 400 && /token/i.test(body))) {
    throw new SimulationError(`the server at ${base} refuses the token; it answered ${status} ${body}`);
  }
}
